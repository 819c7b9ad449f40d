// The canvas over the 3-D view: markers, contacts, what a ball hides, arrows and words.

import { drawAxes } from "./axes.js";
import { Labels } from "./labels.js";
import { arrows } from "./arrows.js";
import { fit, inkOf, marker, symbol } from "./draw.js";
import { drawRim } from "./grip.js";
import { rgba } from "./theme.js";

// All places where a ball touches at this frame: its main contact and those that tie with it.
function touching(view, r, contact, frame) {
  return [contact, ...(r.contacts.get(Math.round(frame)) || []).map(([x, y, z]) => [x, y, z * view.scale])];
}

// Is a point hidden by a ball (other than number `own`)? A contact lies on its ball, on the near side or the far one.
function blocked(view, p, now, own = -1) {
  const { eye } = view.camera;
  const way = p.map((v, n) => v - eye[n]);
  const length = Math.hypot(...way);
  return view.scene.racers.some((r, i) => {
    if (!r.ball || i === own) return false;
    const to = now[i].center.map((v, n) => v - eye[n]);
    const along = to.reduce((sum, v, n) => sum + v * way[n], 0) / length;
    const beside = to.reduce((sum, v) => sum + v * v, 0) - along * along;
    return beside < r.radius ** 2 && along - Math.sqrt(r.radius ** 2 - beside) < length - 0.02 * r.radius;
  });
}

// What a ball hides is outlined on it.
function drawBehind(view, c, theme, behind) {
  for (const [at, radius, color, dashed] of behind) {
    c.beginPath();
    c.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    c.lineWidth = 4;
    c.strokeStyle = rgba(theme.background, 0.75);
    c.stroke();
    c.setLineDash(dashed ? [5, 4] : []);
    c.lineWidth = 1.8;
    c.strokeStyle = dashed ? color : theme.ink;
    c.stroke();
    c.setLineDash([]);
  }
}

// The circle of the largest ball that racer number `own` is in or behind, as drawn; null for none.
function around(view, own, now) {
  const [{ racers }, at] = [view.scene, view.project(now[own].center ?? now[own].contact)];
  let found = null;
  racers.forEach((r, i) => {
    if (!r.ball || i === own || (racers[own].ball && r.radius <= racers[own].radius)) return;
    const { x, y, k } = view.project(now[i].center);
    const circle = { x, y, r: r.radius * k };
    if (Math.hypot(x - at.x, y - at.y) < circle.r && !(found?.r > circle.r)) found = circle;
  });
  return found;
}

export function drawOver(view, frame, theme, now) {
  const { context: c, width, height } = fit(view.over);
  const { scene } = view;
  c.clearRect(0, 0, width, height);
  const labels = new Labels(c, theme, view.over, width, height);
  drawAxes(view, c, theme, labels);
  if (scene.minimum) {
    const p = [scene.minimum[0], scene.minimum[1], scene.minimum[2] * view.scale];
    const at = view.project(p);
    c.globalAlpha = view.hidden(p) ? 0.45 : 1;
    symbol(c, "star", at.x, at.y, 8);
    c.fillStyle = theme.ink;
    c.strokeStyle = rgba(theme.background, 1);
    c.lineWidth = 2;
    c.stroke();
    c.fill();
    c.globalAlpha = 1;
    labels.avoid(at.x, at.y, 8);
  }
  const spot = view.held ?? view.hover;
  if (spot && scene.clickable) {
    const at = view.project(spot);
    c.beginPath();
    c.arc(at.x, at.y, 5, 0, 2 * Math.PI);
    c.strokeStyle = theme.ink;
    c.lineWidth = 2;
    c.fillStyle = rgba(theme.background, 0.9);
    c.fill();
    c.stroke();
    labels.put(view.held ? "let go to start here" : "click to start here", at.x, at.y + 24, theme.ink, { weight: 400, up: false });
  }
  const notes = [];
  const behind = []; // balls of which one sees nothing, and touching points under a ball
  view.touched = scene.racers.map((r, i) => (r.ball ? touching(view, r, now[i].contact, frame) : []));
  scene.racers.forEach((r, i) => {
    const { contact, center } = now[i];
    if (r.ball) {
      const at = view.project(center);
      const radius = r.radius * at.k;
      if (blocked(view, center, now, i)) behind.push([at, radius, r.color, true]);
      for (const p of view.touched[i]) {
        const spot = view.project(p);
        const size = Math.min(Math.max(radius / 6, 1.5), 3.4);
        if (blocked(view, p, now)) {
          if (radius > 12) behind.push([spot, size, r.color, false]);
        } else {
          c.beginPath();
          c.arc(spot.x, spot.y, size, 0, 2 * Math.PI);
          c.fillStyle = theme.ink;
          c.fill();
          c.lineWidth = 1.5;
          c.strokeStyle = rgba(theme.background, 1);
          c.stroke();
        }
      }
      if (radius < 6) {
        c.beginPath();
        c.arc(at.x, at.y, 10, 0, 2 * Math.PI);
        c.strokeStyle = r.color;
        c.lineWidth = 1.5;
        c.stroke();
      }
      labels.avoidBall(at.x, at.y, radius);
      notes.push([r, at.x, at.y - Math.max(radius, 10) - 5, Math.max(radius, 10), around(view, i, now)]);
    } else {
      const at = view.project(contact);
      c.globalAlpha = view.hidden([contact[0], contact[1], contact[2] + 0.01 * view.camera.size]) ? 0.4 : 1;
      marker(c, theme, r, at.x, at.y, 6);
      c.globalAlpha = 1;
      labels.avoid(at.x, at.y, 7);
      notes.push([r, at.x, at.y - 11, 8, around(view, i, now)]);
    }
  });
  drawBehind(view, c, theme, behind);
  if (view.grip?.part === "rim" && view.circle()) drawRim(c, theme, view.circle());
  arrows(c, theme, scene.arrows, frame, labels, ([x, y, z]) => {
    const at = view.project([x, y, z * view.scale]);
    return [at.x, at.y];
  });
  for (const [r, x, y, reach, within] of notes) labels.put(r.label, x, y, inkOf(theme, r.color), { reach, within });
  view.named = labels.placed;
  const caption = scene.captions.filter(([at]) => frame >= at).pop();
  if (caption) labels.put(caption[1], 10, 22, theme.ink, { align: "left", weight: 400, size: 13, up: false });
}
