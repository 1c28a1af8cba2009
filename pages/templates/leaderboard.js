"use strict";

const FIGURES = { error: "balanced error", BE: "BE", rBE: "rBE" };
const HEADLINE = "error";
const CHOICES = ["dataset", "corruptions", "severity", "kind", "figure", "sort", "down"];
const START = { dataset: firstDataset(), corruptions: "", severity: "", kind: "", figure: "", sort: "", down: "" };
let state = { ...START, ...readAddress(CHOICES) };

/** The dataset that most reports have; all, where one has all, or there are none. */
function firstDataset() {
  const reports = BOARD.entries.filter((entry) => entry.origin === "report");
  if (!reports.length || reports.some((entry) => entry.overall[""])) return "";
  const having = (name) => reports.filter((entry) => name in entry.datasets).length;
  return Object.keys(BOARD.datasets).reduce((best, name) => (having(name) > having(best) ? name : best));
}

/** Means over the chosen corruptions: of one dataset, or of all twelve. */
function scopeIn(entry, dataset) {
  const group = state.corruptions.startsWith("group ") ? state.corruptions.slice(6) : "";
  if (dataset === "") return entry.overall[group];
  const figures = entry.datasets[dataset];
  if (!figures || state.corruptions === "") return figures?.all;
  return group ? figures.groups[group] : figures.corruptions[state.corruptions];
}

/** The figure of a scope that the table is ranked by. */
function headline(scope) {
  if (!scope) return [];
  if (state.severity) return scope.severities[Number(state.severity) - 1] || [];
  return scope[state.figure || HEADLINE];
}

/** Whether the ranked figure is measured against AlexNet's. */
const isRatio = () => !state.severity && (state.figure || HEADLINE) !== "error";

function headlineName() {
  if (state.severity) return `error at severity ${state.severity}`;
  return FIGURES[state.figure || HEADLINE];
}

function figureColumn(key, label, figure, title, mark = () => false) {
  return {
    key,
    label,
    title,
    order: (entry) => (known(figure(entry)) ? figure(entry)[0] : null),
    cell: (entry) => {
      const one = figure(entry) || [];
      const shown = figureText(one) + (known(one) && mark(entry) ? "\u00a0\u2020" : "");
      return [shown, make("small", {}, intervalText(one))];
    },
  };
}

function modelColumn() {
  return {
    key: "model",
    label: "model",
    kind: "model",
    order: (entry) => entry.name.toLowerCase(),
    cell: (entry) => {
      const trainings = entry.trainings > 1 ? `, ${entry.trainings} trainings` : "";
      return [
        make("a", { href: `#entry-${entry.id}` }, entry.name),
        make("small", {}, `${entry.kind}${trainings}`),
      ];
    },
  };
}

/** Rank and headline figure, with a bar that shows which intervals overlap. */
function rankedColumns(entries) {
  const figures = entries.map((entry) => headline(scopeIn(entry, state.dataset)));
  const ranked = new Map(ranks(figures).map((rank, number) => [entries[number], rank]));
  const end = Math.max(...figures.filter(known).map(high), 0.001) * 1.05;
  const of = (entry) => headline(scopeIn(entry, state.dataset));
  const marked = (entry) => isMarked(entry) && isRatio();
  const label = state.dataset ? headlineName() : "all twelve";
  const main = figureColumn("main", label, of, "The figure that is ranked", marked);
  return [
    {
      key: "rank",
      label: "rank",
      kind: "rank",
      title: "A range where intervals overlap",
      order: (entry) => ranked.get(entry)?.[0] ?? null,
      cell: (entry) => [rankText(ranked.get(entry))],
    },
    modelColumn(),
    { ...main, kind: "main", cell: (entry) => [...main.cell(entry), whisker(of(entry), end)] },
  ];
}

const isMarked = (entry) =>
  state.dataset ? entry.marked.includes(state.dataset) : entry.marked.length > 0;

function datasetColumns(entries) {
  const scope = (entry) => scopeIn(entry, state.dataset);
  const clean = figureColumn("clean", "clean", (entry) => entry.datasets[state.dataset].clean, "Balanced error on clean images");
  if (state.severity) return [clean];
  const others = Object.keys(FIGURES).filter((name) => name !== (state.figure || HEADLINE));
  const columns = others.map((name) =>
    figureColumn(name, FIGURES[name], (entry) => scope(entry)[name], "Mean over corruptions and severities", (entry) => name !== "error" && isMarked(entry)),
  );
  const differs = (entry) => scope(entry).stable[0] !== scope(entry).rBE[0];
  if (entries.some(differs))
    columns.push(figureColumn("stable", "rBE, stable", (entry) => scope(entry).stable, "Without corruptions under which AlexNet hardly loses", isMarked));
  const severities = BOARD.severities.map((severity) =>
    figureColumn(`s${severity}`, `${severity}`, (entry) => scope(entry).severities[severity - 1] || [], `Balanced error at severity ${severity}`),
  );
  return [...columns, clean, ...severities];
}

function overviewColumns() {
  const count = {
    key: "count",
    label: "datasets",
    order: (entry) => Object.keys(entry.datasets).length,
    cell: (entry) => [`${Object.keys(entry.datasets).length} of 12`],
  };
  const columns = Object.keys(BOARD.datasets).map((name) =>
    figureColumn(name, name.replace("mnist", ""), (entry) => headline(scopeIn(entry, name)), BOARD.datasets[name].title, (entry) => entry.marked.includes(name) && isRatio()),
  );
  return [count, ...columns];
}

function draw() {
  fillChoices();
  const entries = BOARD.entries.filter(
    (entry) => (!state.dataset || state.dataset in entry.datasets) && (!state.kind || entry.kind === state.kind),
  );
  const ranked = rankedColumns(entries);
  const columns = [...ranked, ...(state.dataset ? datasetColumns(entries) : overviewColumns())];
  const sorting = { key: state.sort || "main", down: state.down === "1" };
  drawTable(find("board"), columns, entries, sorting, ({ key, down }) =>
    choose({ sort: key === "main" ? "" : key, down: down ? "1" : "" }),
  );
  const word = entries.length === 1 ? "model" : "models";
  find("count").textContent = `${aboutText()}: ${entries.length} ${word}, ranked by ${headlineName()}. 95 % intervals in small print.`;
  drawNotes(entries);
  const one = state.corruptions && !state.corruptions.startsWith("group ");
  const there = { dataset: state.dataset, corruption: one ? state.corruptions : "", severity: state.severity };
  find("explore").href = `explorer.html#${addressOf(there)}`;
}

function aboutText() {
  const dataset = state.dataset ? `${BOARD.datasets[state.dataset].title} (${state.dataset})` : "All twelve datasets";
  const which = state.corruptions.replace("group ", "") || "all corruptions";
  const at = state.severity ? `severity ${state.severity}` : "severities 1 to 5";
  return `${dataset}, ${BOARD.corruptions[which]?.toLowerCase() || which}, ${at}`;
}

function drawNotes(entries) {
  const notes = ["Ranks are a range where intervals overlap: within it, the order says nothing."];
  if (entries.some(isMarked)) notes.push("\u2020 BE and rBE compare thresholds, too: the entry below says how.");
  if (entries.some((entry) => entry.origin === "release") && state.severity)
    notes.push("Of the published AlexNet single severities are not known.");
  if (state.dataset && state.corruptions.startsWith("group ") && !state.severity)
    notes.push("At single severities of a group there are no intervals in a report.");
  find("notes").replaceChildren(...notes.map((note) => make("li", {}, note)));
}

function fillChoices() {
  const names = Object.entries(BOARD.datasets).map(([name, one]) => [name, `${one.title} (${name})`]);
  state.dataset = choices(find("dataset"), [["", [["", "All twelve"], ...names]]], state.dataset);
  const own = state.dataset ? BOARD.datasets[state.dataset].corruptions : null;
  const there = own ? Object.values(own) : Object.keys(BOARD.groups);
  const groups = Object.keys(BOARD.groups).filter((name) => there.includes(name));
  const single = own ? Object.keys(own).map((name) => [name, BOARD.corruptions[name]]) : [];
  state.corruptions = choices(
    find("corruptions"),
    [["", [["", "All"]]], ["Groups", groups.map((name) => [`group ${name}`, name])], ["Single", single]],
    state.corruptions,
  );
  const severities = BOARD.severities.map((severity) => [`${severity}`, `${severity}`]);
  state.severity = choices(find("severity"), [["", [["", "All"], ...severities]]], state.severity);
  const kinds = [...new Set(BOARD.entries.map((entry) => entry.kind))].map((kind) => [kind, kind]);
  state.kind = choices(find("kind"), [["", [["", "All"], ...kinds]]], state.kind);
  const figures = Object.entries(FIGURES).map(([key, name]) => [key === HEADLINE ? "" : key, name]);
  state.figure = choices(find("figure"), [["", figures]], state.figure);
  find("figure").disabled = state.severity !== "";
}

function choose(changes) {
  state = { ...state, ...changes };
  draw();
  writeAddress(state);
}

for (const name of ["dataset", "corruptions", "severity", "kind", "figure"])
  find(name).addEventListener("change", (event) => choose({ [name]: event.target.value, sort: "", down: "" }));
find("filters").addEventListener("submit", (event) => event.preventDefault());

/** Another address: an entry is opened, or other choices are shown. */
function follow() {
  const entry = location.hash.startsWith("#entry-") && find(location.hash.slice(1));
  if (entry) {
    entry.open = true;
    entry.scrollIntoView();
    entry.querySelector("summary").focus();
  } else if (location.hash.includes("=")) {
    state = { ...START, ...readAddress(CHOICES) };
    draw();
  }
}

addEventListener("hashchange", follow);
draw();
follow();
