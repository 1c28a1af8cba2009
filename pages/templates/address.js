"use strict";
// What is shown stands behind the "#" of the address, so that it can be linked to.

/** The choices in the address, of those that there are. */
function readAddress(names) {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = {};
  for (const name of names) if (given.has(name)) found[name] = given.get(name);
  return found;
}

/** Put choices into the address, without those that are empty; no new step in the history. */
function writeAddress(state) {
  history.replaceState(null, "", `#${addressOf(state)}`);
}

function addressOf(state) {
  const kept = Object.entries(state).filter(([, value]) => value !== "");
  return new URLSearchParams(kept).toString();
}
