// The same run from above: colour and level lines of the landscape, paths, balls at true size. A click places the start.

import { place, row } from "./data.js";
import { colours } from "./cividis.js";
import { fit, flat, marker, symbol, trail } from "./draw.js";
import { tickText, ticks } from "./scale.js";
import { spot, strayed } from "./extent.js";
import { Field } from "./field.js";
import { rgba } from "./theme.js";

const LEVELS = 12;

export class ContourView {
  constructor(canvas, actions) {
    this.canvas = canvas;
    this.actions = actions;
    this.still = document.createElement("canvas");
    this.listen();
  }

  load(scene) {
    if (scene.ground !== this.scene?.ground) this.stale = true;
    this.scene = scene;
  }

  transform(width, height) {
    const { x, y } = this.scene.ground;
    const [a, b, c, d] = [x[0], x.at(-1), y[0], y.at(-1)];
    const box = { left: 36, top: 6, width: Math.max(width - 44, 1), height: Math.max(height - 36, 1) };
    this.k = Math.min(box.width / (b - a), box.height / (d - c));
    this.left = box.left + (box.width - (b - a) * this.k) / 2;
    this.top = box.top + (box.height - (d - c) * this.k) / 2;
    Object.assign(this, { a, b, c, d });
    this.X = (v) => this.left + (v - a) * this.k;
    this.Y = (v) => this.top + (d - v) * this.k;
  }

  drawGround(c, theme) {
    const { x, y, heights } = this.scene.ground;
    const [nx, ny] = [x.length, y.length];
    let low = Infinity;
    let high = -Infinity;
    for (const h of heights) {
      if (!Number.isFinite(h)) continue;
      low = Math.min(low, h);
      high = Math.max(high, h);
    }
    const image = new ImageData(nx, ny);
    const map = colours(theme);
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        if (!Number.isFinite(heights[j * nx + i])) continue; // a hole stays clear
        const level = Math.round(255 * ((heights[j * nx + i] - low) / (high - low || 1)));
        image.data.set(map.subarray(4 * level, 4 * level + 4), 4 * ((ny - 1 - j) * nx + i));
      }
    }
    const small = document.createElement("canvas");
    Object.assign(small, { width: nx, height: ny });
    small.getContext("2d").putImageData(image, 0, 0);
    const [w, h] = [(this.b - this.a) * this.k, (this.d - this.c) * this.k];
    c.save();
    c.beginPath();
    c.rect(this.left, this.top, w, h);
    c.clip();
    c.imageSmoothingQuality = "high";
    // a sample sits at the middle of its pixel, and the outermost samples on the frame
    const [px, py] = [w / (nx - 1), h / (ny - 1)];
    c.drawImage(small, this.left - px / 2, this.top - py / 2, w + px, h + py);
    c.lineWidth = 0.8;
    c.strokeStyle = theme.dark ? "rgba(0,0,0,0.4)" : "rgba(20,30,50,0.28)";
    c.beginPath();
    const field = new Field(this.scene.ground, 1);
    const lines = field.rough ? field.smoothed(Math.ceil(nx / 30)) : heights;
    for (let n = 1; n < LEVELS; n++) this.level(c, lines, low + ((high - low) * n) / LEVELS);
    c.stroke();
    c.restore();
    c.strokeStyle = rgba(theme.text, 0.35);
    c.strokeRect(this.left, this.top, w, h);
    c.font = `400 11.5px ${theme.font}`;
    c.fillStyle = theme.soft;
    c.textAlign = "center";
    c.textBaseline = "top";
    const { labels } = this.scene;
    for (const v of ticks(this.a, this.b, w / 60)) if (this.X(v) < this.left + w - 34) c.fillText(tickText(v), this.X(v), this.top + h + 6);
    c.textAlign = "right";
    c.fillText(labels.x, this.left + w, this.top + h + 6);
    c.textBaseline = "middle";
    for (const v of ticks(this.c, this.d, h / 50)) if (this.Y(v) > this.top + 24) c.fillText(tickText(v), this.left - 6, this.Y(v));
    c.fillText(labels.y, this.left - 6, this.top + 7);
  }

  // Marching squares; both diagonals of an ambiguous cell are joined the same way everywhere.
  level(c, heights, value) {
    const { x, y } = this.scene.ground;
    const nx = x.length;
    for (let j = 0; j + 1 < y.length; j++) {
      for (let i = 0; i + 1 < nx; i++) {
        const k = j * nx + i;
        const corner = [[i, j, heights[k]], [i + 1, j, heights[k + 1]], [i + 1, j + 1, heights[k + nx + 1]], [i, j + 1, heights[k + nx]]];
        if (corner.some((one) => !Number.isFinite(one[2]))) continue;
        const cuts = [];
        for (let n = 0; n < 4; n++) {
          const [p, q] = [corner[n], corner[(n + 1) % 4]];
          if (p[2] > value === q[2] > value) continue;
          const t = (value - p[2]) / (q[2] - p[2]);
          const at = (axis, m) => axis[p[m]] + t * (axis[q[m]] - axis[p[m]]);
          cuts.push([this.X(at(x, 0)), this.Y(at(y, 1))]);
        }
        for (let n = 0; n + 1 < cuts.length; n += 2) {
          c.moveTo(...cuts[n]);
          c.lineTo(...cuts[n + 1]);
        }
      }
    }
  }

  draw(frame, theme) {
    const { context: c, width, height, ratio, changed } = fit(this.canvas);
    if (width < 40 || height < 40) return;
    const signature = [width, height, ratio, theme.dark].join();
    if (changed || this.stale || signature !== this.signature) {
      this.transform(width, height);
      Object.assign(this.still, { width: this.canvas.width, height: this.canvas.height });
      const s = flat(this.still);
      s.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.drawGround(s, theme);
      this.signature = signature;
      this.stale = false;
    }
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    c.drawImage(this.still, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { racers, minimum } = this.scene;
    c.save();
    c.beginPath();
    c.rect(this.left, this.top, (this.b - this.a) * this.k, (this.d - this.c) * this.k);
    c.clip();
    if (minimum) {
      symbol(c, "star", this.X(minimum[0]), this.Y(minimum[1]), 7);
      c.fillStyle = theme.ink;
      c.strokeStyle = rgba(theme.background, 0.9);
      c.lineWidth = 2;
      c.stroke();
      c.fill();
    }
    const tail = Math.max(40, Math.round(0.35 * this.scene.frames));
    for (const r of racers) {
      const path = r.center || r.position;
      const at = (i) => {
        const p = row(path, 3, i);
        return [this.X(p[0]), this.Y(p[1])];
      };
      trail(c, r.color, at, Math.min(frame, r.n - 1), tail, 2, 0.35, 5);
    }
    for (const r of racers) {
      const { contact, center } = place(r, Math.min(frame, r.n - 1), 1);
      if (r.ball) {
        c.beginPath();
        c.arc(this.X(center[0]), this.Y(center[1]), Math.max(r.radius * this.k, 3), 0, 2 * Math.PI);
        c.fillStyle = rgba(r.color, 0.4);
        c.fill();
        c.lineWidth = 1.6;
        c.strokeStyle = r.color;
        c.stroke();
        c.fillStyle = theme.ink;
        for (const [x, y] of [contact, ...(r.contacts.get(Math.round(frame)) || [])]) {
          c.beginPath();
          c.arc(this.X(x), this.Y(y), 2.4, 0, 2 * Math.PI);
          c.fill();
        }
      } else marker(c, theme, r, this.X(contact[0]), this.Y(contact[1]), 5);
    }
    c.restore();
  }

  listen() {
    let down = null;
    this.canvas.addEventListener("pointerdown", (e) => (down = e.button === 0 ? e : null));
    this.canvas.addEventListener("pointermove", (e) => {
      if (down && strayed(down, e)) down = null;
    });
    this.canvas.addEventListener("pointerup", (e) => {
      const still = down && !strayed(down, e);
      down = null;
      if (!still || !this.scene.clickable) return;
      const [px, py] = spot(e, this.canvas);
      const x = this.a + (px - this.left) / this.k;
      const y = this.d - (py - this.top) / this.k;
      if (x >= this.a && x <= this.b && y >= this.c && y <= this.d) this.actions.click([x, y]);
    });
  }
}
