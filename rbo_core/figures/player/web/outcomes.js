// What the radius strip shows of its batch: where the ball ends at each radius, where its rivals end, and the crests' ticks.

import { inkOf, symbol } from "./draw.js";
import { tickText, ticks } from "./scale.js";
import { rgba } from "./theme.js";

export function drawOutcomes(strip, c, theme, box, racer) {
  const { runs, low, high, lowest, marks, crests, label } = strip.batch;
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
    if (radius < strip.range.low || radius > strip.range.high) continue;
    c.beginPath();
    c.moveTo(strip.X(radius), bottom - 7);
    c.lineTo(strip.X(radius), bottom);
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
  for (const run of runs) if (Number.isFinite(run.outcome)) c.lineTo(strip.X(run.radius), Y(run.outcome));
  c.stroke();
  for (const run of runs) {
    c.beginPath();
    const lost = !Number.isFinite(run.outcome);
    symbol(c, lost ? "cross" : "ball", strip.X(run.radius), lost ? box.top + 6 : Y(run.outcome), lost ? 4 : 3.6);
    c.fillStyle = lost ? theme.warning : color;
    c.fill();
  }
  c.restore();
  nameRivals(c, theme, box, Y, marks);
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
function nameRivals(c, theme, box, Y, marks) {
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
