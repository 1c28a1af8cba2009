"use strict";

/** The line between clean and corrupted follows the range input, by mouse, touch and keyboard. */
function startComparison() {
  const slider = find("slider");
  const move = () => {
    find("corrupted").style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    find("line").style.left = `${slider.value}%`;
    slider.setAttribute("aria-valuetext", `${slider.value} % clean`);
  };
  slider.addEventListener("input", move);
  move();
}
