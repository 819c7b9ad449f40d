// How large things are drawn: one number for type and lines, by what the page is for and how much room there is.

const WIDE = 1700; // px of the window from which on twelve pixels are tiny
const LOW = 900; // px of a projector's window below which the largest type would leave no room for the picture
const BAR = 64; // px of the window that belong to the playback bar

// Pixels of the page to one pixel of a drawing.
export function magnification() {
  if (document.documentElement.hasAttribute("data-projector")) return window.innerHeight < LOW ? 1.25 : 1.5;
  return window.innerWidth >= WIDE ? 1.2 : 1;
}

// Where a pointer is on a canvas, in the canvas's own pixels.
export function spot(event, canvas) {
  const box = canvas.getBoundingClientRect();
  const m = magnification();
  return [(event.clientX - box.left) / m, (event.clientY - box.top) / m];
}

// Has a pointer left the place where it was pressed? On the screen: the page may move under a hand that rests.
export const strayed = (pressed, event) => Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) >= 5;

// Height of the stage: the scene's own on a usual window, more on a tall one, and never so much that the bar is out of sight,
// but enough to see something: in a window as low as a page at twice its size less than in others.
// top: where the stage begins on the page, in pixels.
export function stageHeight(wanted, top) {
  const screen = window.innerHeight || 900;
  return Math.round(Math.max(Math.min(Math.max(wanted, 0.55 * screen), screen - top - BAR), Math.min(200, 0.33 * screen)));
}
