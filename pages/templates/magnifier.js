"use strict";

const ENLARGED = 5;
const STEP = 4; // pixels of the image, by an arrow key
const aimed = { x: 0.5, y: 0.5 }; // as shares of the image

/** Two panes show the place that the pointer is over, or that the arrow keys move. */
function startMagnifier() {
  const stage = find("stage");
  for (const kind of ["pointermove", "pointerdown"])
    stage.addEventListener(kind, (event) => {
      const box = stage.getBoundingClientRect();
      aim((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  find("glass").addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    const side = find("clean").naturalWidth || 224;
    const [right, down] = keys[event.key];
    aim(aimed.x + (right * STEP) / side, aimed.y + (down * STEP) / side);
  });
  for (const name of ["clean", "corrupted"]) find(name).addEventListener("load", magnify);
  addEventListener("resize", magnify);
}

function aim(x, y) {
  aimed.x = Math.max(0, Math.min(x, 1));
  aimed.y = Math.max(0, Math.min(y, 1));
  magnify();
}

function magnify() {
  for (const name of ["clean", "corrupted"]) {
    const pane = find(`pane-${name}`);
    const image = find(name);
    const size = (image.naturalWidth || 224) * ENLARGED;
    const offset = (share) => `${pane.clientWidth / 2 - share * size}px`;
    pane.style.backgroundImage = `url("${image.getAttribute("src")}")`;
    pane.style.backgroundSize = `${size}px`;
    pane.style.backgroundPosition = `${offset(aimed.x)} ${offset(aimed.y)}`;
  }
  const box = find("aim");
  box.style.left = `${100 * aimed.x}%`;
  box.style.top = `${100 * aimed.y}%`;
  const share = find("pane-clean").clientWidth / ENLARGED / (find("clean").naturalWidth || 224);
  box.style.width = box.style.height = `${100 * share}%`;
}
