// The radius as a control in which the outcome is seen: across it, logarithmically, ρ; in it, where the ball ends for each
// radius of a batch from the same start, where its rivals end, and at which radius each crest lets go.

import { fit } from "./draw.js";
import { spot } from "./extent.js";
import { drawOutcomes } from "./outcomes.js";
import { tickText } from "./scale.js";
import { rgba } from "./theme.js";

const A_DECADE = 24; // as many key presses, like the page's own slider
const MARGIN = { left: 46, right: 14, top: 6, bottom: 24 };
const significant = (value, digits) => Number(value.toPrecision(digits));

export class RadiusStrip {
  constructor(actions) {
    this.actions = actions; // preview(radius), ask(radius), cancel()
    this.element = document.createElement("div");
    this.element.className = "rbp-radius";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "slider");
    this.element.setAttribute("aria-label", "Radius ρ of the ball");
    this.element.title = "Drag to change the radius. Dots: where the ball ends at each radius. Small ticks: the radius at which a crest lets the ball go.";
    this.canvas = document.createElement("canvas");
    this.element.append(this.canvas);
    this.batch = null;
    this.listen();
  }

  load(range) {
    this.range = range;
    this.element.hidden = !range;
    if (!range) return;
    if (!this.down && !this.waiting) this.value = range.value; // a picture that comes meanwhile takes no wish away
    this.element.setAttribute("aria-valuemin", range.low);
    this.element.setAttribute("aria-valuemax", range.high);
    this.tell();
  }

  fill(batch) {
    this.batch = batch;
    this.element.dataset.runs = batch ? batch.runs.length : 0;
    this.tell();
  }

  tell(run = null) {
    if (!this.range) return;
    this.element.setAttribute("aria-valuenow", this.value);
    const end = run ? `, the ball ${run.status}` : "";
    this.element.setAttribute("aria-valuetext", `ρ = ${tickText(this.value)}${end}`);
  }

  geometry() {
    const { context, width, height } = fit(this.canvas);
    const left = width < 480 ? 36 : MARGIN.left;
    const box = { left, top: MARGIN.top, width: Math.max(width - left - MARGIN.right, 1), height: Math.max(height - MARGIN.top - MARGIN.bottom, 1) };
    const [a, b] = [Math.log(this.range.low), Math.log(this.range.high)];
    this.X = (radius) => box.left + ((Math.log(radius) - a) / (b - a)) * box.width;
    this.at = (px) => Math.exp(a + (Math.min(Math.max((px - box.left) / box.width, 0), 1)) * (b - a));
    return { c: context, width, height, box };
  }

  draw(theme, racer) {
    if (!this.range || !this.canvas.clientWidth) return;
    const { c, width, height, box } = this.geometry();
    const bottom = box.top + box.height;
    c.clearRect(0, 0, width, height);
    c.fillStyle = rgba(theme.text, theme.dark ? 0.07 : 0.045);
    c.fillRect(box.left, box.top, box.width, box.height);
    this.drawScale(c, theme, box);
    if (this.batch) drawOutcomes(this, c, theme, box, racer);
    else {
      c.font = `400 12px ${theme.font}`;
      c.fillStyle = theme.soft;
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.fillText("where the ball ends at every radius: being rolled", box.left + box.width / 2, box.top + box.height / 2);
    }
    const x = this.X(this.value);
    c.strokeStyle = theme.ink;
    c.lineWidth = 2;
    c.beginPath();
    c.moveTo(x, box.top - 4);
    c.lineTo(x, bottom + 2);
    c.stroke();
    c.beginPath();
    c.arc(x, bottom + 3, 7, 0, 2 * Math.PI);
    c.fillStyle = racer?.color ?? theme.primary;
    c.fill();
    c.stroke();
    const text = `ρ = ${tickText(significant(this.value, 3))}`;
    c.font = `650 13px ${theme.font}`;
    const w = c.measureText(text).width;
    const right = x + 8 + w < width - 2;
    c.textAlign = right ? "left" : "right";
    c.textBaseline = "alphabetic";
    c.lineWidth = 4;
    c.lineJoin = "round";
    c.strokeStyle = rgba(theme.background, 0.9);
    c.strokeText(text, x + (right ? 7 : -7), box.top + 11);
    c.fillStyle = theme.ink;
    c.fillText(text, x + (right ? 7 : -7), box.top + 11);
  }

  drawScale(c, theme, box) {
    const bottom = box.top + box.height;
    c.font = `400 11.5px ${theme.font}`;
    c.fillStyle = theme.soft;
    c.strokeStyle = rgba(theme.text, 0.35);
    c.lineWidth = 1;
    c.textAlign = "center";
    c.textBaseline = "top";
    const first = Math.floor(Math.log10(this.range.low) + 1e-9);
    for (let power = first; 10 ** power <= this.range.high * 1.0001; power++) {
      for (let digit = 1; digit < 10; digit++) {
        const value = digit * 10 ** power;
        if (value < this.range.low * 0.9999 || value > this.range.high * 1.0001) continue;
        const x = Math.round(this.X(value)) + 0.5;
        c.beginPath();
        c.moveTo(x, bottom);
        c.lineTo(x, bottom + (digit === 1 ? 5 : 3));
        c.stroke();
        if (digit === 1) c.fillText(tickText(value), Math.min(x, box.left + box.width - 4), bottom + 11);
      }
    }
    c.textAlign = "right";
    c.fillText("radius ρ", box.left + box.width - 28, bottom + 11);
  }

  move(radius, digits = 3) {
    this.value = Math.min(Math.max(significant(radius, digits), this.range.low), this.range.high);
    this.tell(this.actions.preview(this.value));
  }

  // The radius chosen elsewhere (the ball's rim) is asked for once the pointer is let go.
  done() {
    this.actions.ask(this.value);
  }

  listen() {
    const { element } = this;
    this.down = false;
    const at = (e) => this.at(spot(e, element)[0]);
    element.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || !this.at) return;
      this.down = true;
      element.setPointerCapture?.(e.pointerId);
      element.focus({ preventScroll: true });
      this.move(at(e));
    });
    element.addEventListener("pointermove", (e) => this.down && this.move(at(e)));
    element.addEventListener("pointerup", () => {
      const held = this.down;
      this.down = false;
      if (held) this.done();
    });
    element.addEventListener("pointercancel", () => {
      const held = this.down;
      this.down = false;
      if (held) this.actions.cancel();
    });
    element.addEventListener("keydown", (e) => this.key(e));
    element.addEventListener("blur", () => this.waiting && this.ask());
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || !this.range) return;
    const { low, high } = this.range;
    const place = Math.round(A_DECADE * Math.log10(this.value / low) * 1e6) / 1e6;
    const to = {
      ArrowRight: this.next(place, 1), ArrowUp: this.next(place, 1), ArrowLeft: this.next(place, -1), ArrowDown: this.next(place, -1),
      PageUp: place + A_DECADE / 4, PageDown: place - A_DECADE / 4, Home: 0, End: A_DECADE * Math.log10(high / low),
    }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    this.move(low * 10 ** (to / A_DECADE), 2);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), 400); // a held key is one wish, not thirty
  }

  // The next whole place whose radius, to two digits, is another one: that of place 39 is 0.42, whose own place is 38.96.
  next(place, by) {
    const first = by * Math.floor(by * place + 1 + 1e-3);
    return significant(this.range.low * 10 ** (first / A_DECADE), 2) === this.value ? first + by : first;
  }

  ask() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.done();
  }
}
