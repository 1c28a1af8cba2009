"use strict";

/** The models of the board under one corruption, at one severity, best first. */
function drawFares(dataset, corruption, severity) {
  const rows = BOARD.entries
    .filter((entry) => dataset in entry.datasets)
    .map((entry) => {
      const figures = entry.datasets[dataset];
      const scope = figures.corruptions[corruption];
      const single = scope.severities[severity - 1];
      return { entry, clean: figures.clean, figure: single || scope.error, isMean: !single };
    })
    .sort((a, b) => (a.figure[0] ?? Infinity) - (b.figure[0] ?? Infinity));
  const ends = rows.flatMap((row) => [high(row.figure), high(row.clean)]).filter(Number.isFinite);
  const end = Math.min(1, Math.max(0.05, ...ends) * 1.05);
  const heads = ["model", "balanced error", "95 % interval", "clean", `0 to ${end.toFixed(2)}`];
  const body = rows.map(({ entry, clean, figure, isMean }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("a", { href: `index.html#entry-${entry.id}` }, entry.name)),
      make("td", {}, figureText(figure), make("small", {}, isMean ? "mean of 1-5" : "")),
      make("td", { class: "soft" }, intervalText(figure)),
      make("td", {}, figureText(clean)),
      make("td", { class: "chart" }, whisker(figure, end, known(clean) ? [["tick", clean[0]]] : [])),
    ),
  );
  const head = heads.map((text) => make("th", { scope: "col" }, text));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
  find("fares").replaceChildren(
    make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": "Models under this corruption" }, table),
  );
  find("fares-about").textContent =
    `Balanced error at severity ${severity}, with its interval; the small bar is the clean error. Smaller is better.`;
}
