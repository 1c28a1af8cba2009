"use strict";

const first = Object.keys(GALLERY.datasets)[0];
const START = { dataset: "bloodmnist" in GALLERY.datasets ? "bloodmnist" : first, corruption: "", severity: "3", image: "" };
const CHOICES = ["dataset", "corruption", "severity", "image"];
let state = { ...START, ...readAddress(CHOICES) };

function fillChoices() {
  const names = Object.entries(GALLERY.datasets).map(([name, one]) => [name, `${one.title} (${name})`]);
  state.dataset = choices(find("dataset"), [["", names]], state.dataset);
  const dataset = GALLERY.datasets[state.dataset];
  const groups = new Map(Object.keys(BOARD.groups).map((name) => [name, []]));
  for (const [name, one] of Object.entries(dataset.corruptions)) groups.get(one.group).push([name, one.title]);
  const start = state.corruption || ["bubble", "characters", "motion_blur", "speckle_noise", "shot_noise"].find((name) => name in dataset.corruptions) || "";
  state.corruption = choices(find("corruption"), [...groups], start);
  const images = dataset.images.map((one, number) => [`${number}`, `${one.index}`]);
  state.image = choices(find("image"), [["", images]], state.image);
  find("image-label").hidden = images.length < 2;
  if (!BOARD.severities.map(String).includes(state.severity)) state.severity = START.severity;
}

const path = (name) =>
  `${GALLERY.datasets[state.dataset].images[Number(state.image)].folder}/${name}.${GALLERY.extension}`;

function draw() {
  fillChoices();
  const dataset = GALLERY.datasets[state.dataset];
  const words = dataset.corruptions[state.corruption];
  const image = dataset.images[Number(state.image)];
  find("clean").src = path("clean");
  find("clean").alt = `${dataset.title}, clean`;
  find("corrupted").src = path(`${state.corruption}_${state.severity}`);
  find("corrupted").alt = `The same image under ${words.title.toLowerCase()}, severity ${state.severity}`;
  find("strength").textContent = `${words.title.toLowerCase()}, severity ${state.severity}`;
  find("about-image").textContent = `${image.caption} ${dataset.title}: ${dataset.shows}.`;
  find("title").textContent = words.title;
  find("where").textContent = `${words.group}: ${BOARD.groups[words.group]}`;
  find("what").textContent = words.what;
  find("clinic").textContent = words.clinic;
  drawStrip();
  drawParameters(words);
  const config = `${state.dataset}_${state.corruption}_${state.severity}`;
  find("code").textContent =
    `import medmnist_c\nfrom datasets import load_dataset\n\nds = load_dataset("medmnist_c", "${config}", split="test"${GALLERY.arguments})`;
  drawFares(state.dataset, state.corruption, Number(state.severity));
  find("to-board").href = `index.html#${addressOf({ dataset: state.dataset, corruptions: state.corruption })}`;
}

/** Radio buttons with an image each: arrow keys move among the severities. */
function drawStrip() {
  const strip = find("strip");
  const focused = strip.contains(document.activeElement);
  const clean = make("figure", {}, make("img", { src: path("clean"), alt: "clean" }), make("figcaption", {}, "clean"));
  const severities = BOARD.severities.map((severity) => {
    const value = `${severity}`;
    const input = make("input", { type: "radio", name: "severity", value, checked: value === state.severity, onchange: () => choose({ severity: value }) });
    const image = make("img", { src: path(`${state.corruption}_${severity}`), alt: "" });
    return make("label", {}, input, image, make("span", {}, value));
  });
  strip.replaceChildren(clean, ...severities);
  if (focused) strip.querySelector("input:checked").focus();
}

function drawParameters(words) {
  const heads = ["severity", ...BOARD.severities].map((text) => make("th", { scope: "col" }, `${text}`));
  const rows = words.parameters.map((name, number) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      ...words.values.map((values, at) =>
        make("td", { class: `${at + 1}` === state.severity ? "now" : false }, values[number]),
      ),
    ),
  );
  find("parameters").replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
}

function choose(changes) {
  state = { ...state, ...changes };
  draw();
  writeAddress(state);
}

find("dataset").addEventListener("change", (event) => choose({ dataset: event.target.value, image: "" }));
find("corruption").addEventListener("change", (event) => choose({ corruption: event.target.value }));
find("image").addEventListener("change", (event) => choose({ image: event.target.value }));
find("copy").addEventListener("click", async () => {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(find("code").textContent);
  } catch {
    getSelection().selectAllChildren(find("code"));
    said = "Selected";
  }
  find("copy").textContent = said;
});
addEventListener("hashchange", () => {
  if (!location.hash.includes("=")) return;
  state = { ...START, ...readAddress(CHOICES) };
  draw();
});
startMagnifier();
startComparison();
draw();
