// Axes of the 3-D view, drawn on the canvas over it.

import { tickText, ticks } from "./scale.js";
import { rgba } from "./theme.js";

// Ticks along the two lower edges that face the viewer and up the corner at the left; labels: what shall keep clear of them.
export function drawAxes(view, c, theme, labels) {
  const [a, b, d, e] = view.field.box;
  const { base, camera, scene } = view;
  const [vx, vy] = [camera.back[0] > 0 ? b : a, camera.back[1] > 0 ? e : d];
  const middle = view.project([(a + b) / 2, (d + e) / 2, base]);
  c.font = `400 11.5px ${theme.font}`;
  c.fillStyle = theme.soft;
  c.strokeStyle = rgba(theme.text, 0.4);
  c.lineWidth = 1;
  c.textBaseline = "middle";
  const edge = (from, to, low, high, name) => {
    const p0 = view.project(from);
    const p1 = view.project(to);
    const length = Math.hypot(p1.x - p0.x, p1.y - p0.y);
    if (length < 60) return;
    let [ox, oy] = [-(p1.y - p0.y) / length, (p1.x - p0.x) / length];
    if (ox * ((p0.x + p1.x) / 2 - middle.x) + oy * ((p0.y + p1.y) / 2 - middle.y) < 0) [ox, oy] = [-ox, -oy];
    c.textAlign = ox > 0.35 ? "left" : ox < -0.35 ? "right" : "center";
    for (const v of ticks(low, high, length / 75)) {
      const t = (v - low) / (high - low);
      const at = view.project(from.map((f, n) => f + t * (to[n] - f)));
      c.beginPath();
      c.moveTo(at.x, at.y);
      c.lineTo(at.x + 4 * ox, at.y + 4 * oy);
      c.stroke();
      c.fillText(tickText(v), at.x + 9 * ox, at.y + 11 * oy);
      labels.avoid(at.x + 9 * ox, at.y + 11 * oy, 7);
    }
    const mid = view.project(from.map((f, n) => (f + to[n]) / 2));
    c.fillStyle = theme.ink;
    c.fillText(name, mid.x + 30 * ox, mid.y + 27 * oy);
    c.fillStyle = theme.soft;
  };
  drawHeights(view, c, theme, labels);
  // the balls stand before the upright axis
  c.globalCompositeOperation = "destination-out";
  scene.racers.forEach((r, i) => {
    if (!r.ball) return;
    const at = view.project(view.now[i].center);
    c.beginPath();
    c.arc(at.x, at.y, r.radius * at.k, 0, 2 * Math.PI);
    c.fill();
  });
  c.globalCompositeOperation = "source-over";
  edge([a, vy, base], [b, vy, base], a, b, scene.labels.x);
  edge([vx, d, base], [vx, e, base], d, e, scene.labels.y);
}

function drawHeights(view, c, theme, labels) {
  const [a, b, d, e] = view.field.box;
  const { base, scene } = view;
  const corners = [[a, d], [a, e], [b, d], [b, e]].map(([x, y]) => ({ x, y, at: view.project([x, y, base]) }));
  const left = corners.reduce((p, q) => (q.at.x < p.at.x ? q : p));
  const { low, high } = view.field;
  const there = view.field.at(left.x, left.y);
  const rim = Number.isFinite(there) ? there : low;
  const [p0, p1] = [view.project([left.x, left.y, low]), view.project([left.x, left.y, high])];
  const length = p0.y - p1.y;
  if (length < 30) return;
  c.textAlign = "right";
  c.beginPath();
  c.moveTo(p0.x, view.project([left.x, left.y, rim]).y);
  c.lineTo(p1.x, p1.y);
  c.stroke();
  for (const v of ticks(low / view.scale, high / view.scale, length / 45)) {
    const at = view.project([left.x, left.y, v * view.scale]);
    c.beginPath();
    c.moveTo(at.x, at.y);
    c.lineTo(at.x - 4, at.y);
    c.stroke();
    c.fillText(tickText(v), at.x - 8, at.y);
    labels.avoid(at.x - 14, at.y, 8);
  }
  const note = view.scale === 1 ? "" : ` (× ${tickText(+view.scale.toPrecision(2))})`;
  c.fillStyle = theme.ink;
  c.textAlign = "center";
  c.fillText(scene.labels.height + note, Math.max(p1.x, c.measureText(scene.labels.height + note).width / 2 + 4), p1.y - 14);
}
