// The numbers under the bar: one row per racer, changing with the frame.

import { number } from "./scale.js";
import { row } from "./data.js";

const ROUND = "border-radius:50%";
const cut = (...points) => `clip-path:polygon(${points.map(([x, y]) => `${x}% ${y}%`).join()})`;
const MARKS = {
  ball: ROUND, circle: ROUND, square: "",
  diamond: cut([50, 0], [100, 50], [50, 100], [0, 50]),
  triangle: cut([50, 0], [100, 100], [0, 100]),
  cross: cut([35, 0], [65, 0], [65, 35], [100, 35], [100, 65], [65, 65], [65, 100], [35, 100], [35, 65], [0, 65], [0, 35], [35, 35]),
  star: cut([50, 0], [64, 34], [100, 38], [72, 61], [81, 98], [50, 78], [19, 98], [28, 61], [0, 38], [36, 34]),
};

// What a column means, on hover or focus.
const TIPS = {
  penetration: "How deep the ball has sunk into the ground, as a share of its radius.",
  "to the minimum": "How far it is from the lowest point, in units of the parameters.",
  gradients: "Evaluations of the slope so far: what its steps have cost.",
};

export class Readouts {
  constructor() {
    this.element = document.createElement("table");
    this.element.className = "rbp-readouts";
  }

  load(scene) {
    this.scene = scene;
    const columns = [];
    for (const r of scene.racers) for (const o of r.readouts) if (!columns.includes(o.label)) columns.push(o.label);
    const status = scene.racers.some((r) => r.status);
    const head = ["Racer", ...columns, ...(status ? ["Status"] : [])];
    this.element.hidden = head.length === 1;
    // the same table for other runs, as while a radius is dragged, keeps its cells
    const form = [head, scene.racers.map((r) => [r.color, r.shape, r.readouts.map((o) => o.label)])].map((part) => JSON.stringify(part)).join();
    if (form === this.form) {
      this.renew(columns, status);
      return;
    }
    this.form = form;
    this.build(head, columns, status);
  }

  build(head, columns, status) {
    const { scene } = this;
    this.element.innerHTML = "";
    const caption = this.element.createCaption();
    caption.className = "rbp-unseen";
    caption.textContent = "Read-outs at the frame shown";
    const top = this.element.createTHead().insertRow();
    for (const text of head) {
      const th = document.createElement("th");
      th.scope = "col";
      th.textContent = text;
      if (TIPS[text]) {
        th.replaceChildren(Object.assign(document.createElement("span"), { className: "rbp-term", tabIndex: 0, textContent: text }));
        th.firstChild.dataset.tip = TIPS[text];
        th.firstChild.setAttribute("aria-description", TIPS[text]);
      }
      top.append(th);
    }
    const body = this.element.createTBody();
    this.names = [];
    this.cells = [];
    for (const r of scene.racers) {
      const line = body.insertRow();
      const th = document.createElement("th");
      th.scope = "row";
      const dot = document.createElement("i");
      dot.style.cssText = `background:${r.color};${MARKS[r.shape]}`;
      const name = document.createTextNode("");
      this.names.push(name);
      th.append(dot, name);
      line.append(th);
      for (const label of columns) {
        const cell = line.insertCell();
        cell.dataset.label = label;
        if (r.readouts.some((o) => o.label === label)) this.cells.push({ cell });
        else cell.textContent = "–";
      }
      if (status) {
        const cell = line.insertCell();
        cell.dataset.label = "Status";
        cell.className = "rbp-status";
        this.cells.push({ cell });
      }
    }
    this.renew(columns, status);
  }

  // Names and numbers of the scene's racers in the cells that are there.
  renew(columns, status) {
    const shown = this.scene.racers.flatMap((r) => [
      ...columns.map((label) => r.readouts.find((o) => o.label === label)).filter(Boolean).map((readout) => ({ r, readout })),
      ...(status ? [{ r, readout: null }] : []),
    ]);
    this.cells.forEach((cell, i) => Object.assign(cell, shown[i]));
    this.scene.racers.forEach((r, i) => {
      if (this.names[i].data !== r.label) this.names[i].data = r.label;
    });
  }

  update(frame) {
    for (const item of this.cells) {
      const { cell, r, readout } = item;
      const f = Math.min(Math.floor(frame + 1e-9), r.n - 1);
      const done = r.stopped !== null && frame >= r.stopped;
      const end = frame >= this.scene.frames - 1;
      const text = readout ? number(row(readout.values, 1, f)[0], readout.format) : (done || end) && r.status ? r.status : "rolling";
      const shown = readout || r.ball || text !== "rolling" ? text : "moving";
      if (item.text !== shown) cell.textContent = item.text = shown;
    }
  }

  // One sentence for the live region when playback stops.
  spoken(frame) {
    return this.scene.racers.map((r) => {
      const f = Math.min(Math.floor(frame + 1e-9), r.n - 1);
      return `${r.label}: ${this.scene.loss.y} ${number(row(r.loss, 1, f)[0])}`;
    }).join("; ");
  }
}
