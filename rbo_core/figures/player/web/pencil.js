// The visitor's hand on a drawn curve: strokes of a pointer, knots that are dragged, and the same by keys. It changes knots and
// says so; who rolls on the curve, and what the page keeps of it, is the player's business.

import { added, read, redrawn, spline, within, write } from "./spline.js";
import { tickText } from "./scale.js";
import { magnification } from "./extent.js";
import { rgba } from "./theme.js";

const COLUMNS = 250; // of a stroke
const QUIET = 600; // ms after which pressed keys are one change
const FLAT = 0.25; // of the paper's height, where an empty curve lies
const HINT = "Draw over the curve with mouse or finger; drag a dot to bend it. A double click adds or takes away a dot.";
const KEYS = "Left and right arrows choose a knot, up and down move it, with Shift sideways too. Insert adds a knot, Delete takes it away.";

export class Pencil {
  constructor(actions) {
    this.actions = actions; // drawn(text, done), view(): the CurveView, say(words), redraw()
    this.chosen = 0;
    this.element = document.createElement("div");
    this.element.className = "rbp-draw";
    this.element.hidden = true;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Drawing");
    const hint = Object.assign(document.createElement("p"), { textContent: HINT });
    this.element.append(hint);
    this.button("+ dot", "Add a dot beside the chosen one", () => this.insert());
    this.button("− dot", "Take the chosen dot away", () => this.remove());
    this.button("Clear", "Begin with a flat curve", () => this.clear());
    this.handle = document.createElement("div");
    this.handle.className = "rbp-knot";
    this.handle.tabIndex = 0;
    this.handle.setAttribute("role", "slider");
    this.handle.setAttribute("aria-orientation", "vertical");
    this.handle.setAttribute("aria-description", KEYS);
    this.handle.addEventListener("keydown", (e) => this.key(e));
    this.handle.addEventListener("blur", () => this.waiting && this.settle());
    this.handle.addEventListener("focus", () => this.actions.redraw());
  }

  button(text, name, action) {
    const b = Object.assign(document.createElement("button"), { type: "button", textContent: text, title: name });
    b.setAttribute("aria-label", name);
    b.addEventListener("click", action);
    this.element.append(b);
  }

  get busy() {
    return !!this.gesture || !!this.waiting;
  }

  load(drawing) {
    this.paper = drawing?.paper ?? null;
    this.scale = drawing?.scale ?? 1;
    this.element.hidden = this.handle.hidden = !drawing;
    if (!drawing) return;
    this.knots = read(drawing.text);
    this.chosen = Math.min(this.chosen, this.knots.length - 1);
    this.tell();
  }

  get text() {
    return this.paper ? write(this.knots) : "";
  }

  // heights (n,) of the curve at x (n,)
  heights(x) {
    const curve = spline(this.knots.map((knot) => this.place(knot)));
    return Float64Array.from(x, curve);
  }

  // A knot's place on the ground, and back.
  place([column, row]) {
    const { left, bottom, across, up } = this.paper;
    return [left + column * across, this.scale * (bottom + row * up)];
  }

  lattice(x, height) {
    const { left, bottom, across, up } = this.paper;
    return [(x - left) / across, (height / this.scale - bottom) / up];
  }

  under(px, py) {
    const view = this.actions.view();
    return this.lattice(view.toX(px), view.toY(py) / view.scale);
  }

  pixel(k) {
    const view = this.actions.view();
    const [x, height] = this.place(this.knots[k]);
    return [view.X(x), view.Y(height * view.scale)];
  }

  // The knot within reach of a pixel; -1 for none.
  at(px, py, reach) {
    let [best, found] = [reach, -1];
    for (let k = 0; this.paper && k < this.knots.length; k++) {
      const [x, y] = this.pixel(k);
      const away = Math.hypot(x - px, y - py);
      if (away < best) [best, found] = [away, k];
    }
    return found;
  }

  take(k) {
    this.choose(k);
    this.gesture = { before: this.knots, k };
    this.handle.focus({ preventScroll: true });
  }

  begin() {
    this.gesture = { before: this.knots, k: -1, stroke: new Array(COLUMNS + 1).fill(undefined), last: null };
  }

  move(px, py) {
    const g = this.gesture;
    const place = this.under(px, py);
    if (g.k >= 0) this.knots = this.knots.with(g.k, within(this.paper, this.knots, g.k, place));
    else {
      this.trace(g, place);
      this.knots = redrawn(this.paper, g.before, g.stroke);
    }
    this.change(false);
  }

  // The columns between the last place of the pointer and this one.
  trace(g, [x, row]) {
    const column = Math.min(Math.max((x / this.paper.steps) * COLUMNS, 0), COLUMNS);
    const height = Math.min(Math.max(row, 0), this.paper.steps);
    const [c0, h0] = g.last ?? [column, height];
    const [a, b] = [Math.round(Math.min(c0, column)), Math.round(Math.max(c0, column))];
    for (let c = a; c <= b; c++) {
      const t = column === c0 ? 1 : Math.min(Math.max((c - c0) / (column - c0), 0), 1);
      g.stroke[c] = h0 + t * (height - h0);
    }
    g.last = [column, height];
  }

  up(moved) {
    const g = this.gesture;
    this.gesture = null;
    if (g && moved) this.change(true);
  }

  cancel() {
    if (!this.gesture) return;
    this.knots = this.gesture.before;
    this.gesture = null;
    this.change(true);
  }

  choose(k) {
    this.chosen = Math.min(Math.max(k, 0), this.knots.length - 1);
    this.tell();
    this.actions.redraw();
  }

  insert(column = null) {
    const k = Math.min(this.chosen, this.knots.length - 2);
    const more = added(this.paper, this.knots, column ?? (this.knots[k][0] + this.knots[k + 1][0]) / 2);
    if (!more) {
      this.actions.say("There is no room for a dot here.");
      return;
    }
    this.chosen = more.findIndex((knot) => !this.knots.includes(knot));
    this.knots = more;
    this.change(true);
  }

  remove(k = this.chosen) {
    if (k <= 0 || k >= this.knots.length - 1) return; // the ends hold the curve
    this.knots = this.knots.toSpliced(k, 1);
    this.chosen = Math.min(k, this.knots.length - 1);
    this.change(true);
  }

  clear() {
    const row = Math.round(FLAT * this.paper.steps);
    this.knots = [[0, row], [this.paper.steps, row]];
    this.chosen = 0;
    this.change(true);
  }

  // A double click: on a knot it goes, elsewhere on the curve one comes.
  twice(px, py, reach) {
    const k = this.at(px, py, reach);
    if (k >= 0) this.remove(k);
    else this.insert(this.under(px, py)[0]);
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const step = this.paper.steps / 100;
    const by = { ArrowUp: [0, step], ArrowDown: [0, -step], ArrowLeft: [-step, 0], ArrowRight: [step, 0] }[e.key];
    const act = {
      Insert: () => this.insert(), Delete: () => this.remove(), Backspace: () => this.remove(),
      Home: () => this.choose(0), End: () => this.choose(this.knots.length - 1),
    }[e.key];
    if (!by && !act) return;
    e.preventDefault();
    e.stopPropagation(); // the player's own keys
    if (act) act();
    else if (by[0] && !e.shiftKey) this.choose(this.chosen + Math.sign(by[0]));
    else this.nudge(by);
  }

  nudge(by) {
    const k = this.chosen;
    const to = this.knots[k].map((n, i) => n + by[i]);
    this.knots = this.knots.with(k, within(this.paper, this.knots, k, to));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.settle(), QUIET);
    this.tell();
    this.change(false);
  }

  settle() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.change(true);
  }

  change(done) {
    if (done) {
      this.tell();
      this.actions.say(`${this.knots.length} dots.`);
    }
    this.actions.drawn(this.text, done && !this.busy);
  }

  tell() {
    const [x, height] = this.place(this.knots[this.chosen]);
    const low = this.scale * this.paper.bottom;
    const set = (name, value) => this.handle.setAttribute(name, value);
    set("aria-label", `Knot ${this.chosen + 1} of ${this.knots.length} of the drawn curve`);
    set("aria-valuemin", low);
    set("aria-valuemax", low + this.scale * this.paper.steps * this.paper.up);
    set("aria-valuenow", +height.toPrecision(4));
    set("aria-valuetext", `x = ${tickText(+x.toFixed(2))}, height ${tickText(+height.toPrecision(3))}`);
    this.element.dataset.knots = this.knots.length;
  }

  draw(c, theme) {
    if (!this.paper) return;
    if (this.gesture) this.tell();
    const focused = this.handle.getRootNode().activeElement === this.handle;
    this.knots.forEach((_, k) => {
      const [x, y] = this.pixel(k);
      const chosen = k === this.chosen && (focused || this.gesture?.k === k);
      c.beginPath();
      c.arc(x, y, chosen ? 6 : 3.6, 0, 2 * Math.PI);
      c.fillStyle = chosen ? theme.ink : rgba(theme.background, 1);
      c.fill();
      c.lineWidth = 1.5;
      c.strokeStyle = theme.ridge;
      c.stroke();
    });
    const [x, y] = this.pixel(this.chosen);
    const m = magnification();
    this.handle.style.transform = `translate(${m * x}px, ${m * y}px)`;
  }
}
