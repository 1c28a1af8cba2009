"use strict";

/** An element. Texts become text, never markup; what a report says can do nothing here. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

const find = (id) => document.getElementById(id);

/** Fill a select: groups of [value, text] under a heading, "" for none. */
function choices(select, groups, chosen) {
  select.replaceChildren();
  for (const [heading, options] of groups) {
    const made = options.map(([value, text]) => make("option", { value }, text));
    if (!options.length) continue;
    if (heading) select.append(make("optgroup", { label: heading }, ...made));
    else select.append(...made);
  }
  select.value = chosen;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
  return select.value;
}
