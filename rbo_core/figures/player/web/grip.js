// What a pointer would take hold of: the first ball by its rim, which sets its radius, or by its body, which sets where it
// starts. Both views ask here.

// ball: its circle {cx, cy, size} in pixels. reach: pixels to either side of the rim. body: radius of the part by which it
// can be moved, in pixels.
export function gripOn(scene, { cx, cy, size }, [x, y], reach, body = size) {
  const { radius } = scene.racers[0];
  const away = Math.hypot(x - cx, y - cy);
  // where one draws a large ball leaves room for it, and the strip sets its radius
  if (scene.radius && !scene.drawing && Math.abs(away - size) <= Math.min(reach, 0.5 * size)) return { part: "rim", cx, cy, away, radius };
  return scene.clickable && away < Math.max(body, reach) ? { part: "body", dx: x - cx, dy: y - cy, radius } : null;
}

export const pulled = (grip, x, y) => (grip.radius * Math.hypot(x - grip.cx, y - grip.cy)) / grip.away;

export const cursorFor = (grip) => (grip ? { rim: "nwse-resize", body: "grab" }[grip.part] : "");

export function drawRim(c, theme, { cx, cy, size }) {
  c.beginPath();
  c.arc(cx, cy, size, 0, 2 * Math.PI);
  c.lineWidth = 4;
  c.strokeStyle = theme.primary;
  c.stroke();
}
