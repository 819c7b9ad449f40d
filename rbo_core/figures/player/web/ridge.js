// The ground of the 2-D view: the ridge line over its filling, what the ball sees, what it cannot touch, and the axes.

import { symbol } from "./draw.js";
import { tickText, ticks } from "./scale.js";
import { Labels } from "./labels.js";
import { rgba } from "./theme.js";

// [from, to] of the ground between samples i and j: in a gap nothing is drawn.
function* stretches(values, i, j) {
  for (let from = i; from <= j; from++) {
    if (!Number.isFinite(values[from])) continue;
    let to = from;
    while (to < j && Number.isFinite(values[to + 1])) to++;
    yield [from, to];
    from = to;
  }
}

export function path(view, c, values, close) {
  const { x } = view.scene.ground;
  const box = view.box;
  const first = view.toX(box.left) - 0.02;
  const last = view.toX(box.left + box.width) + 0.02;
  let i = 0;
  while (i < x.length - 2 && x[i + 1] < first) i++;
  let j = x.length - 1;
  while (j > i + 1 && x[j - 1] > last) j--;
  c.beginPath();
  for (const [from, to] of stretches(values, i, j)) {
    c.moveTo(view.X(x[from]), view.Y(values[from] * view.scale));
    stretch(view, c, values, from, to, j - i > 4 * box.width);
    if (!close) continue;
    c.lineTo(view.X(x[to]), box.top + box.height);
    c.lineTo(view.X(x[from]), box.top + box.height);
    c.closePath();
  }
}

// Samples from one to another, all of them ground. dense: more samples than pixels.
function stretch(view, c, values, i, j, dense) {
  const { x } = view.scene.ground;
  if (!dense) {
    for (let n = i + 1; n <= j; n++) c.lineTo(view.X(x[n]), view.Y(values[n] * view.scale));
    return;
  }
  // keep first, lowest, highest and last of every pixel column, which looks the same
  const flush = (n0, n1) => {
    let lo = n0, hi = n0;
    for (let n = n0; n <= n1; n++) {
      if (values[n] < values[lo]) lo = n;
      if (values[n] > values[hi]) hi = n;
    }
    for (const n of [n0, Math.min(lo, hi), Math.max(lo, hi), n1]) c.lineTo(view.X(x[n]), view.Y(values[n] * view.scale));
  };
  let start = i;
  for (let n = i; n <= j; n++) {
    if (n === j || Math.floor(view.X(x[n + 1])) !== Math.floor(view.X(x[start]))) {
      flush(start, n);
      start = n + 1;
    }
  }
}

export function drawGround(view, c, theme, width, height) {
  const { ground, minimum, labels } = view.scene;
  const box = view.box;
  c.clearRect(0, 0, width, height);
  c.save();
  c.beginPath();
  c.rect(box.left, box.top - 4, box.width, box.height + 4);
  c.clip();
  const yTicks = ticks(view.toY(box.top + box.height) / view.scale, view.toY(box.top) / view.scale, box.height / 70);
  c.lineWidth = 1;
  c.strokeStyle = theme.faint;
  for (const v of yTicks) {
    const y = Math.round(view.Y(v * view.scale)) + 0.5;
    c.beginPath();
    c.moveTo(box.left, y);
    c.lineTo(box.left + box.width, y);
    c.stroke();
  }
  const fill = c.createLinearGradient(0, view.Y(view.range[1]), 0, box.top + box.height);
  fill.addColorStop(0, theme.groundTop);
  fill.addColorStop(1, theme.groundBottom);
  path(view, c, ground.heights, true);
  c.fillStyle = fill;
  c.fill();
  if (ground.ironed) {
    path(view, c, ground.ironed, false);
    c.lineWidth = 1.6;
    c.setLineDash([6, 4]);
    c.strokeStyle = theme.sheet;
    c.stroke();
    c.setLineDash([]);
  }
  path(view, c, ground.heights, false);
  c.lineJoin = "round";
  c.lineWidth = 1.7;
  c.strokeStyle = theme.ridge;
  c.stroke();
  if (ground.reachable) drawUnreachable(view, c, theme);
  const text = new Labels(c, theme, view.canvas, width, height);
  if (minimum) {
    const x = view.X(minimum[0]);
    const y = view.Y(minimum[1] * view.scale);
    const low = box.top + box.height - y < 20; // a small picture has little room below its ground
    symbol(c, "star", x, y + (low ? 6 : 13), low ? 4 : 6);
    c.fillStyle = theme.ink;
    c.fill();
    if (y + 36 < box.top + box.height) text.put("global minimum", x, y + 34, theme.soft, { weight: 400, up: false, plain: true });
  }
  view.worded = text.placed.map(({ box: taken }) => taken);
  c.restore();
  c.font = `400 12px ${theme.font}`;
  c.fillStyle = theme.soft;
  c.textAlign = "right";
  c.textBaseline = "middle";
  for (const v of yTicks) {
    const y = view.Y(v * view.scale);
    if (y > box.top + 14 && y < box.top + box.height - 4) c.fillText(tickText(v), box.left - 7, y);
  }
  c.textAlign = "left";
  c.textBaseline = "top";
  c.fillText(labels.height + (view.scale === 1 ? "" : `   (heights drawn × ${tickText(+view.scale.toPrecision(2))})`), 4, 0);
  c.textAlign = "center";
  const name = labels.x;
  const nameWidth = c.measureText(name).width;
  const base = box.top + box.height;
  c.strokeStyle = rgba(theme.text, 0.35);
  c.beginPath();
  c.moveTo(box.left, base + 0.5);
  c.lineTo(box.left + box.width, base + 0.5);
  c.stroke();
  const [first, last] = [Math.min(view.scene.bounds[0][0], view.scene.ground.x[0]), Math.max(view.scene.bounds[0][1], view.scene.ground.x.at(-1))];
  for (const v of ticks(view.toX(box.left), view.toX(box.left + box.width), box.width / 80)) {
    const x = view.X(v);
    if (v < first || v > last) continue;
    c.beginPath();
    c.moveTo(Math.round(x) + 0.5, base);
    c.lineTo(Math.round(x) + 0.5, base + 4);
    c.stroke();
    if (x > box.left + 4 && x < box.left + box.width - nameWidth - 22) c.fillText(tickText(v), x, base + 8);
  }
  c.textAlign = "right";
  c.fillText(name, box.left + box.width, base + 8);
}

function drawUnreachable(view, c, theme) {
  const { x, heights, reachable } = view.scene.ground;
  c.strokeStyle = theme.warning;
  c.lineWidth = 2.6;
  c.beginPath();
  for (let i = 0; i + 1 < x.length; i++) {
    if (reachable[i] && reachable[i + 1]) continue;
    if (!Number.isFinite(heights[i] + heights[i + 1])) continue;
    c.moveTo(view.X(x[i]), view.Y(heights[i] * view.scale));
    c.lineTo(view.X(x[i + 1]), view.Y(heights[i + 1] * view.scale));
  }
  c.stroke();
}
