// What moves in the 2-D view: trails, balls with their contacts, markers and names; and where a start would be.

import { arrows } from "./arrows.js";
import { place, row } from "./data.js";
import { ball, inkOf, marker, trail } from "./draw.js";
import { drawRim } from "./grip.js";
import { setDown } from "./imagine.js";
import { Labels } from "./labels.js";
import { rgba } from "./theme.js";

export function drawRacers(view, c, theme, frame, width, height) {
  const scene = view.scene;
  const s = view.scale;
  const box = view.box;
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const labels = new Labels(c, theme, view.canvas, width, height, { left: box.left, top: box.top, right, bottom, taken: view.worded });
  const tail = Math.max(40, Math.round(0.3 * scene.frames));
  c.save();
  c.beginPath();
  c.rect(box.left, 0, box.width, box.top + box.height);
  c.clip();
  const put = (values, f) => {
    const [x, h] = row(values, 2, f);
    return [view.X(x), view.Y(h * s)];
  };
  for (const r of scene.racers) {
    const f = Math.min(frame, r.n - 1);
    if (r.center && s === 1) trail(c, r.color, (i) => put(r.center, i), f, tail, 1.6, 0.22);
    else if (!r.center) trail(c, r.color, (i) => put(r.position, i), f, tail, 3, 0.25);
  }
  if (view.hover !== null && scene.clickable) drawHover(view, c, theme, labels);
  const order = [...scene.racers].sort((a, b) => (b.radius || 0) - (a.radius || 0));
  const notes = [];
  for (const r of order) {
    const f = Math.min(frame, r.n - 1);
    const { contact, center } = place(r, f, s);
    const x = view.X(contact[0]);
    const y = view.Y(contact[1]);
    if (center && r.ball) {
      const radius = r.radius * view.k;
      const cx = view.X(center[0]);
      const cy = view.Y(center[1]);
      c.globalAlpha = r.opacity;
      ball(c, theme, r, cx, cy, radius, r.rotation ? row(r.rotation, 1, f)[0] : 0);
      c.globalAlpha = 1;
      const touching = [contact, ...(r.contacts.get(Math.round(f)) || []).map(([a, b]) => [a, b * s])];
      for (const [a, b] of touching) {
        c.beginPath();
        c.arc(view.X(a), view.Y(b), 3.4, 0, 2 * Math.PI);
        c.fillStyle = theme.ink;
        c.fill();
        c.lineWidth = 1.5;
        c.strokeStyle = rgba(theme.background, 1);
        c.stroke();
      }
      if (r.opacity === 1) labels.avoidBall(cx, cy, radius);
      notes.push([r, cx, cy - Math.max(radius, 10) - 6, Math.max(radius, 10)]);
    } else {
      marker(c, theme, r, x, y, 6);
      labels.avoid(x, y, 7);
      notes.push([r, x, y - 12, 8]);
    }
  }
  if (view.grip?.part === "rim") drawRim(c, theme, view.circle(frame));
  if (view.held) drawHeld(view, c, theme, labels);
  arrows(c, theme, scene.arrows, frame, labels, ([x, h]) => [view.X(x), view.Y(h * s)]);
  for (const [r, x, y, reach] of notes) labels.put(r.label, x, y, inkOf(theme, r.color), { reach });
  view.named = labels.placed;
  c.restore();
  const caption = scene.captions.filter(([at]) => frame >= at).pop();
  if (caption) labels.put(caption[1], box.left + 10, box.top + 22, theme.ink, { align: "left", weight: 400, size: 13, up: false });
}

function drawHover(view, c, theme, labels) {
  const x = view.X(view.hover);
  const y = view.Y(view.heightAt(view.hover) * view.scale);
  if (!Number.isFinite(y)) return; // over a gap
  c.beginPath();
  c.arc(x, y, 5, 0, 2 * Math.PI);
  c.fillStyle = rgba(theme.background, 1);
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = theme.ink;
  c.stroke();
  labels.put(view.scene.drawing ? "drag to draw, click to start here" : "click to start here", x, y + 24, theme.soft, { weight: 400, up: false });
}

// The ball in the visitor's hand, set down where it would start.
function drawHeld(view, c, theme, labels) {
  const { center, contact } = setDown({ ...view.scene.ground }, view.held.x, view.held.radius);
  const [x, y] = [view.X(center[0]), view.Y(center[1] * view.scale)];
  c.globalAlpha = 0.55;
  ball(c, theme, view.scene.racers[0], x, y, view.held.radius * view.k, 0);
  c.globalAlpha = 1;
  c.beginPath();
  c.arc(view.X(contact[0]), view.Y(contact[1] * view.scale), 3.4, 0, 2 * Math.PI);
  c.fillStyle = theme.ink;
  c.fill();
  labels.put("let go to start here", x, y - view.held.radius * view.k - 8, theme.ink, { weight: 600 });
}
