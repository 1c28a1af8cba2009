"use strict";
// A figure is a list: value, low, high; the value alone without an interval; empty where there is none.

const NOTHING = "-";
const known = (figure) => Boolean(figure && figure.length);
const low = (figure) => (figure.length > 1 ? figure[1] : figure[0]);
const high = (figure) => (figure.length > 1 ? figure[2] : figure[0]);

const figureText = (figure) => (known(figure) ? figure[0].toFixed(3) : NOTHING);
const intervalText = (figure) =>
  known(figure) && figure.length > 1 ? `${figure[1].toFixed(3)}-${figure[2].toFixed(3)}` : "";

/** The best and the worst rank that each figure may have: better is whose whole interval lies below. */
function ranks(figures) {
  const all = figures.filter(known);
  return figures.map((one) => {
    if (!known(one)) return null;
    const better = all.filter((other) => high(other) < low(one)).length;
    const worse = all.filter((other) => low(other) > high(one)).length;
    return [better + 1, all.length - worse];
  });
}

const rankText = (rank) =>
  rank === null ? NOTHING : rank[0] === rank[1] ? `${rank[0]}` : `${rank[0]}-${rank[1]}`;

/** A dot with its interval on an axis from 0 to `end`; seen only, the numbers stand beside it. */
function whisker(figure, end, more = []) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" });
  const at = (x) => `${(100 * Math.max(0, Math.min(x, end))) / end}%`;
  for (const [name, x] of more) {
    const tick = make("i", { class: name });
    tick.style.left = at(x);
    bar.append(tick);
  }
  if (!known(figure)) return bar;
  const range = make("i", { class: "range" });
  range.style.left = at(low(figure));
  range.style.width = `${(100 * Math.max(0, Math.min(high(figure), end) - low(figure))) / end}%`;
  const dot = make("i", { class: "dot" });
  dot.style.left = at(figure[0]);
  bar.append(range, dot);
  return bar;
}
