// A scene's arrows, which grow with the frame, and their names.

import { inkOf } from "./draw.js";

function arrow(context, x0, y0, x1, y1, color, { head = true, dashed = false, width = 2.2 } = {}) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = width;
  context.lineCap = "round";
  if (length < 0.5) {
    context.beginPath();
    context.arc(x1, y1, 4.2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  const size = head ? Math.min(10, 0.6 * length) : 0;
  const ux = (x1 - x0) / length;
  const uy = (y1 - y0) / length;
  context.setLineDash(dashed ? [5, 4] : []);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1 - ux * size * 0.8, y1 - uy * size * 0.8);
  context.stroke();
  context.setLineDash([]);
  if (!head) return;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x1 - ux * size - uy * size * 0.42, y1 - uy * size + ux * size * 0.42);
  context.lineTo(x1 - ux * size + uy * size * 0.42, y1 - uy * size - ux * size * 0.42);
  context.fill();
}

// A scene's arrows at a frame, and then their names, so that no name lies on another's arrow. put(point) -> [x, y] in pixels.
export function arrows(context, theme, all, frame, labels, put) {
  const named = [];
  for (const a of all) {
    if (frame < a.grows[0] || (a.until !== null && frame >= a.until)) continue;
    const t = a.grows[1] > a.grows[0] ? Math.min((frame - a.grows[0]) / (a.grows[1] - a.grows[0]), 1) : 1;
    const ease = t * t * (3 - 2 * t);
    const from = put(a.start);
    const to = put(a.start.map((v, j) => v + (a.end[j] - v) * ease));
    const color = a.color || theme.ink;
    arrow(context, ...from, ...to, color, a);
    labels.avoidLine(from, to);
    if (a.label && t >= 1) named.push([a.label, from, to, inkOf(theme, color)]);
  }
  for (const [text, from, to, color] of named) labels.name(text, from, to, color);
}
