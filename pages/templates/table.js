"use strict";

/**
 * A table whose columns sort by buttons in their heads.
 *
 * columns: {key, label, title, cell(row), order(row), number}; `order` gives what to sort by, null last.
 * sorting: {key, down}; `sorted` is called with the next one when a head is pressed.
 */
function drawTable(table, columns, rows, sorting, sorted) {
  const heads = columns.map((column) => {
    const now = column.key === sorting.key;
    const next = { key: column.key, down: now ? !sorting.down : false };
    const button = make(
      "button",
      { type: "button", title: column.title || false, onclick: () => sorted(next), "data-key": column.key },
      column.label,
      make("span", { class: "arrow", "aria-hidden": "true" }, now ? (sorting.down ? "\u25bc" : "\u25b2") : ""),
    );
    const order = now ? (sorting.down ? "descending" : "ascending") : "none";
    return make("th", { scope: "col", "aria-sort": order, class: column.kind || false }, button);
  });
  const body = inOrder(columns, rows, sorting).map((row) =>
    make(
      "tr",
      {},
      ...columns.map((column) => {
        const name = column.kind === "model" ? "th" : "td";
        const scope = name === "th" ? "row" : false;
        return make(name, { scope, class: column.kind || false }, ...column.cell(row));
      }),
    ),
  );
  const pressed = table.contains(document.activeElement) && document.activeElement.dataset.key;
  for (const old of table.querySelectorAll("thead, tbody")) old.remove();
  table.append(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
  if (pressed) table.querySelector(`[data-key="${CSS.escape(pressed)}"]`)?.focus();
}

function inOrder(columns, rows, sorting) {
  const column = columns.find((one) => one.key === sorting.key) || columns[0];
  const compare = (a, b) => {
    const [x, y] = [column.order(a), column.order(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    const order = typeof x === "string" ? x.localeCompare(y, "en") : x - y;
    return sorting.down ? -order : order;
  };
  return [...rows].sort(compare);
}
