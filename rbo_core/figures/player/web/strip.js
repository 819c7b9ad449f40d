// The radius as a control in which the outcome is seen: across it, logarithmically, ρ; in it, where the ball ends for each
// radius of a batch from the same start, where its rivals end, and at which radius each crest lets go.

import { fit, inkOf, symbol, tickText, ticks } from "./draw.js";
import { spot } from "./extent.js";
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
    this.value = range.value;
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
    if (this.batch) this.drawOutcomes(c, theme, box, racer);
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

  drawOutcomes(c, theme, box, racer) {
    const { runs, low, high, lowest, marks, crests, label } = this.batch;
    const bottom = box.top + box.height;
    const Y = (v) => bottom - 5 - ((Math.min(Math.max(v, low), high) - low) / (high - low || 1)) * (box.height - 12);
    c.save();
    c.beginPath();
    c.rect(box.left, box.top - 4, box.width, box.height + 6);
    c.clip();
    c.strokeStyle = theme.sheet;
    c.globalAlpha = crests.length > 60 ? 0.4 : 0.8;
    c.lineWidth = 1.5;
    for (const radius of crests) {
      if (radius < this.range.low || radius > this.range.high) continue;
      c.beginPath();
      c.moveTo(this.X(radius), bottom - 7);
      c.lineTo(this.X(radius), bottom);
      c.stroke();
    }
    c.globalAlpha = 1;
    c.font = `400 11px ${theme.font}`;
    c.textBaseline = "alphabetic";
    c.textAlign = "right";
    if (lowest !== null) {
      c.setLineDash([2, 3]);
      c.strokeStyle = theme.soft;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(box.left, Y(lowest));
      c.lineTo(box.left + box.width, Y(lowest));
      c.stroke();
      c.setLineDash([]);
      symbol(c, "star", box.left + 8, Y(lowest), 5);
      c.fillStyle = theme.soft;
      c.fill();
    }
    for (const mark of marks) {
      c.strokeStyle = rgba(mark.color, 0.8);
      c.lineWidth = 1.4;
      c.setLineDash([5, 4]);
      c.beginPath();
      c.moveTo(box.left, Y(mark.value));
      c.lineTo(box.left + box.width, Y(mark.value));
      c.stroke();
      c.setLineDash([]);
    }
    const color = racer?.color ?? theme.primary;
    c.strokeStyle = rgba(color, 0.45);
    c.lineWidth = 1.2;
    c.beginPath();
    for (const run of runs) if (Number.isFinite(run.outcome)) c.lineTo(this.X(run.radius), Y(run.outcome));
    c.stroke();
    for (const run of runs) {
      c.beginPath();
      const lost = !Number.isFinite(run.outcome);
      symbol(c, lost ? "cross" : "ball", this.X(run.radius), lost ? box.top + 6 : Y(run.outcome), lost ? 4 : 3.6);
      c.fillStyle = lost ? theme.warning : color;
      c.fill();
    }
    c.restore();
    this.name(c, theme, box, Y, marks);
    c.fillStyle = theme.soft;
    c.font = `400 11.5px ${theme.font}`;
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (const v of ticks(low, high, box.height / 26)) if (Y(v) > box.top + 2) c.fillText(tickText(v), box.left - 6, Y(v));
    c.textAlign = "left";
    c.textBaseline = "middle";
    const lines = [...marks.map((m) => Y(m.value)), ...(lowest === null ? [] : [Y(lowest)]), ...runs.slice(0, 5).map((run) => Y(run.outcome))];
    const gap = (y) => Math.min(...lines.filter(Number.isFinite).map((line) => Math.abs(line - y)));
    const free = [9, box.height / 2, box.height - 16].map((y) => box.top + y).reduce((a, b) => (gap(b) > gap(a) + 1 ? b : a));
    c.fillText(label, box.left + 6, free);
  }

  // The rivals' names at the right end of their lines, those that end together in one.
  name(c, theme, box, Y, marks) {
    const groups = [];
    for (const mark of marks) {
      const group = groups.find((g) => Math.abs(g.y - Y(mark.value)) < 11);
      if (group) group.names.push(mark);
      else groups.push({ y: Y(mark.value), names: [mark] });
    }
    c.font = `600 11px ${theme.font}`;
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (const { y, names } of groups) {
      const text = names.map((m) => m.name).join(", ");
      const [x, at] = [box.left + box.width - 4, Math.max(y - 8, box.top + 6)];
      c.lineWidth = 3;
      c.strokeStyle = rgba(theme.background, 0.85);
      c.strokeText(text, x, at);
      c.fillStyle = inkOf(theme, names[0].color);
      c.fillText(text, x, at);
    }
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
    let down = false;
    const at = (e) => this.at(spot(e, element)[0]);
    element.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || !this.at) return;
      down = true;
      element.setPointerCapture?.(e.pointerId);
      element.focus({ preventScroll: true });
      this.move(at(e));
    });
    element.addEventListener("pointermove", (e) => down && this.move(at(e)));
    element.addEventListener("pointerup", () => {
      if (down) this.done();
      down = false;
    });
    element.addEventListener("pointercancel", () => {
      if (down) this.actions.cancel();
      down = false;
    });
    element.addEventListener("keydown", (e) => this.key(e));
    element.addEventListener("blur", () => this.waiting && this.ask());
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || !this.range) return;
    const { low, high } = this.range;
    const place = Math.round(A_DECADE * Math.log10(this.value / low) * 1e6) / 1e6;
    const to = {
      ArrowRight: Math.floor(place + 1 + 1e-3), ArrowUp: Math.floor(place + 1 + 1e-3),
      ArrowLeft: Math.ceil(place - 1 - 1e-3), ArrowDown: Math.ceil(place - 1 - 1e-3),
      PageUp: place + A_DECADE / 4, PageDown: place - A_DECADE / 4, Home: 0, End: A_DECADE * Math.log10(high / low),
    }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    this.move(low * 10 ** (to / A_DECADE), 2);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.ask(), 400); // a held key is one wish, not thirty
  }

  ask() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.done();
  }
}
