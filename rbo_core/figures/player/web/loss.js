// The second panel: loss against step (or gradient evaluations, or milliseconds), drawn up to the frame shown.

import { decades, tickText, ticks } from "./scale.js";
import { fit, inkOf, symbol } from "./draw.js";
import { leaps, row } from "./data.js";
import { rgba } from "./theme.js";

export class LossView {
  constructor(canvas) {
    this.canvas = canvas;
  }

  load(scene) {
    this.scene = scene;
    const leap = leaps(scene.steps);
    let [x0, x1, y0, y1, positive] = [Infinity, -Infinity, Infinity, -Infinity, Infinity];
    for (const r of scene.racers) {
      for (let i = 0; i < r.loss.length; i++) {
        const y = r.loss[i];
        if (!Number.isFinite(y)) continue;
        y0 = Math.min(y0, y);
        y1 = Math.max(y1, y);
        if (y > 0) positive = Math.min(positive, y);
        if (leap && i === scene.frames - 1) continue;
        x0 = Math.min(x0, r.lossX[i]);
        x1 = Math.max(x1, r.lossX[i]);
      }
    }
    // a racer that blew up must not flatten the others: the axis ends a little above the highest start
    const start = Math.max(...scene.racers.map((r) => r.loss[0]));
    if (y1 > start + 3 * (start - y0)) y1 = start + 0.5 * (start - y0);
    if (!(y1 > y0)) [y0, y1] = [y0 - 1, y0 + 1];
    if (!(x1 > x0)) x1 = x0 + 1;
    this.log = scene.loss.log ?? (y0 > 0 && y1 / positive > 100);
    if (this.log) y0 = Math.max(positive, y1 * 1e-12);
    this.range = [x0, x1, y0, y1];
    this.stale = true;
  }

  draw(frame, theme) {
    const { context: c, width, height } = fit(this.canvas);
    c.clearRect(0, 0, width, height);
    const { racers, loss } = this.scene;
    const left = width < 480 ? 36 : 46;
    const box = { left, top: 18, width: Math.max(width - left - 12, 1), height: Math.max(height - 18 - 30, 1) };
    const [x0, x1, y0, y1] = this.range;
    const up = this.log ? Math.log10 : (v) => v;
    const [a, b] = [up(y0), up(y1)];
    const pad = 0.06 * (b - a);
    const X = (x) => box.left + ((Math.min(x, x1) - x0) / (x1 - x0)) * box.width;
    const Y = (y) => box.top + box.height - ((up(Math.max(y, this.log ? y0 : -Infinity)) - a + pad) / (b - a + 2 * pad)) * box.height;
    c.font = `400 12px ${theme.font}`;
    c.fillStyle = theme.soft;
    c.textBaseline = "middle";
    c.textAlign = "right";
    c.lineWidth = 1;
    const rows = Math.max(box.height / 30, 3);
    for (const v of this.log ? decades(y0, y1, rows) : ticks(y0 - pad, y1 + pad, rows)) {
      const y = Math.round(Y(v)) + 0.5;
      c.strokeStyle = theme.faint;
      c.beginPath();
      c.moveTo(box.left, y);
      c.lineTo(box.left + box.width, y);
      c.stroke();
      if (y > box.top + 4) c.fillText(tickText(v), box.left - 7, y);
    }
    c.strokeStyle = rgba(theme.text, 0.35);
    const base = box.top + box.height + 0.5;
    c.beginPath();
    c.moveTo(box.left, base);
    c.lineTo(box.left + box.width, base);
    c.stroke();
    c.textBaseline = "top";
    c.textAlign = "left";
    c.fillText(`${loss.y}${this.log ? " (log)" : ""}`, 4, 0);
    c.textAlign = "right";
    c.fillText(loss.x, box.left + box.width, base + 7);
    const limit = box.left + box.width - c.measureText(loss.x).width - 18;
    c.textAlign = "center";
    for (const v of ticks(x0, x1, box.width / 90)) if (X(v) < limit) c.fillText(tickText(v), X(v), base + 7);

    c.save();
    c.beginPath();
    c.rect(box.left - 1, box.top - 4, box.width + 8, box.height + 4);
    c.clip();
    c.lineJoin = "round";
    const line = (r, end, alpha, lineWidth) => {
      const stride = Math.max(1, Math.floor(end / (2 * box.width)));
      c.beginPath();
      for (let i = 0; i <= end; i += stride) c.lineTo(X(r.lossX[i]), Y(r.loss[i]));
      const tip = Math.min(end, r.n - 1);
      c.lineTo(X(row(r.lossX, 1, tip)[0]), Y(row(r.loss, 1, tip)[0]));
      c.strokeStyle = rgba(theme.dark ? inkOf(theme, r.color) : r.color, alpha); // a thin line on dark ground
      c.lineWidth = lineWidth;
      c.stroke();
    };
    for (const r of racers) line(r, r.n - 1, 0.2, 1.2);
    for (const r of racers) line(r, Math.min(frame, r.n - 1), 1, 1.9);
    for (const r of racers) {
      const f = Math.min(frame, r.n - 1);
      symbol(c, r.shape, X(row(r.lossX, 1, f)[0]), Y(row(r.loss, 1, f)[0]), 4);
      c.fillStyle = r.color;
      c.fill();
      c.strokeStyle = inkOf(theme, r.color);
      c.lineWidth = 1;
      c.stroke();
    }
    c.restore();
  }
}
