// Canvas pieces shared by the views: crisp sizing, axis ticks, markers, the shaded ball, labels that avoid each other.

import { magnification } from "./extent.js";
import { mix, rgba } from "./theme.js";

// Asking for a canvas in main memory: where WebGL runs in software, as in virtual machines and headless browsers, a canvas
// on the "graphics card" is eight times slower, and elsewhere the difference is small.
export const flat = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

// Pixels a CSS pixel: the screen's, up to two, unless a picture or a film is taken at a size of its own.
export const density = { ratio: null, get: () => density.ratio ?? Math.min(window.devicePixelRatio || 1, 2) };

export function fit(canvas) {
  const m = magnification();
  const ratio = density.get() * m;
  const width = Math.max(canvas.clientWidth / m, 1);
  const height = Math.max(canvas.clientHeight / m, 1);
  const changed = canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio);
  if (changed) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = flat(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, ratio, changed };
}

export function ticks(low, high, count) {
  const raw = (high - low) / Math.max(count, 1);
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && out.length < 50; i++) out.push(i * step);
  return out.map((v) => (Math.abs(v) < step * 1e-9 ? 0 : v));
}

export function decades(low, high, count) {
  const a = Math.ceil(Math.log10(low) - 1e-9);
  const b = Math.floor(Math.log10(high) + 1e-9);
  if (b - a < 1) return ticks(low, high, count).filter((v) => v > 0);
  const stride = Math.max(1, Math.ceil((b - a + 1) / Math.max(count, 1)));
  return Array.from({ length: b - a + 1 }, (_, i) => 10 ** (a + i)).filter((_, i) => i % stride === 0);
}

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export function tickText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const power = Math.floor(Math.log10(size) + 1e-9);
    const lead = +(value / 10 ** power).toPrecision(3);
    const raised = `10${String(power).split("").map((c) => SUPER[c]).join("")}`;
    return (lead === 1 ? raised : lead === -1 ? `−${raised}` : `${lead}·${raised}`).replace("-", "−");
  }
  return String(+value.toPrecision(6)).replace("-", "−");
}

export function number(value, format = "number") {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  if (format === "integer") return Math.round(value).toLocaleString("en");
  if (format === "percent") {
    const p = value * 100;
    return `${(Math.abs(p) < 0.05 ? 0 : p).toFixed(1).replace("-", "−")} %`;
  }
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return tickText(+value.toPrecision(3));
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}

export function symbol(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "square") context.rect(x - 0.86 * r, y - 0.86 * r, 1.72 * r, 1.72 * r);
  else if (shape === "diamond" || shape === "triangle" || shape === "star" || shape === "cross") {
    const corners = { diamond: 4, triangle: 3, star: 10, cross: 8 }[shape];
    for (let i = 0; i < corners; i++) {
      const angle = -Math.PI / 2 + (i * 2 * Math.PI) / corners + (shape === "cross" ? Math.PI / 8 : 0);
      const size = (shape === "star" && i % 2 ? 0.5 : shape === "cross" && i % 2 ? 1.1 : 1.18) * r;
      context.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
    }
    context.closePath();
  } else context.arc(x, y, r, 0, 2 * Math.PI);
}

export function marker(context, theme, racer, x, y, r = 6) {
  symbol(context, racer.shape, x, y, r + 2);
  context.fillStyle = rgba(theme.background, 0.9);
  context.fill();
  symbol(context, racer.shape, x, y, r);
  context.fillStyle = racer.color;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = rgba(mix(racer.color, [0, 0, 0], 0.35), 1);
  context.stroke();
}

const SECTORS = 8;

// A lit ball with turning sectors: the pattern turns, the light stays.
export function ball(context, theme, racer, x, y, r, angle) {
  const base = racer.color;
  context.save();
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  const body = context.createRadialGradient(x - 0.38 * r, y - 0.42 * r, 0.05 * r, x, y, 1.02 * r);
  body.addColorStop(0, rgba(mix(base, [255, 255, 255], 0.55), 1));
  body.addColorStop(0.45, rgba(base, 1));
  body.addColorStop(1, rgba(mix(base, [0, 0, 0], 0.3), 1));
  context.fillStyle = body;
  context.fill();
  if (r > 3.5) {
    context.clip();
    context.translate(x, y);
    context.rotate(angle);
    context.fillStyle = "rgba(255,255,255,0.26)";
    for (let i = 0; i < SECTORS; i += 2) {
      context.beginPath();
      context.moveTo(0, 0);
      context.arc(0, 0, r, (i * 2 * Math.PI) / SECTORS, ((i + 1) * 2 * Math.PI) / SECTORS);
      context.fill();
    }
    context.strokeStyle = "rgba(255,255,255,0.8)";
    context.lineWidth = Math.min(Math.max(r / 26, 0.8), 2);
    context.beginPath();
    for (let i = 0; i < SECTORS / 2; i++) {
      const a = (i * 2 * Math.PI) / SECTORS;
      context.moveTo(-r * Math.cos(a), -r * Math.sin(a));
      context.lineTo(r * Math.cos(a), r * Math.sin(a));
    }
    context.stroke();
    // one spoke is marked, so that one can count turns
    context.fillStyle = "rgba(255,255,255,0.95)";
    context.beginPath();
    context.arc(0.72 * r, 0, Math.max(r * 0.07, 1.1), 0, 2 * Math.PI);
    context.fill();
    context.rotate(-angle);
    const shade = context.createRadialGradient(-0.35 * r, -0.4 * r, 0.3 * r, 0, 0, r);
    shade.addColorStop(0, "rgba(0,0,0,0)");
    shade.addColorStop(0.75, "rgba(0,0,0,0.08)");
    shade.addColorStop(1, "rgba(0,0,0,0.34)");
    context.fillStyle = shade;
    context.fillRect(-r, -r, 2 * r, 2 * r);
    const shine = context.createRadialGradient(-0.4 * r, -0.45 * r, 0, -0.4 * r, -0.45 * r, 0.42 * r);
    shine.addColorStop(0, "rgba(255,255,255,0.6)");
    shine.addColorStop(1, "rgba(255,255,255,0)");
    context.fillStyle = shine;
    context.fillRect(-r, -r, 2 * r, 2 * r);
  }
  context.restore();
  context.beginPath();
  context.arc(x, y, Math.max(r, 1), 0, 2 * Math.PI);
  context.lineWidth = 1;
  context.strokeStyle = rgba(mix(base, theme.dark ? [255, 255, 255] : [0, 0, 0], theme.dark ? 0.15 : 0.5), 1);
  context.stroke();
  if (r < 5) {
    // too small to see: a ring says where it is without pretending to be it
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.strokeStyle = rgba(base, 0.8);
    context.lineWidth = 1.5;
    context.stroke();
  }
}

// A polyline whose older part is paler. point(i) gives screen coordinates of frame i; the tip is drawn up to `frame`.
export function trail(context, color, point, frame, length, width, floor = 0.1) {
  const end = Math.floor(frame);
  const start = Math.max(0, end - length);
  context.lineJoin = "round";
  context.lineCap = "butt";
  context.lineWidth = width;
  const chunks = Math.min(20, Math.max(1, end - start));
  const stroke = (a, b, alpha, tip) => {
    if (b < a || (a === b && !tip)) return;
    const stride = Math.max(1, Math.floor((b - a) / 600));
    context.beginPath();
    for (let i = a; i < b; i += stride) context.lineTo(...point(i));
    context.lineTo(...point(b));
    if (tip) context.lineTo(...point(frame));
    context.strokeStyle = rgba(color, alpha);
    context.stroke();
  };
  if (start > 0) stroke(0, start, floor, false);
  for (let c = 0; c < chunks; c++) {
    const a = start + Math.floor(((end - start) * c) / chunks);
    const b = start + Math.floor(((end - start) * (c + 1)) / chunks);
    stroke(a, b, floor + (0.85 - floor) * ((c + 1) / chunks) ** 1.6, c === chunks - 1);
  }
}

export class Labels {
  // left: where the drawing begins; words to the left of it would be cut off
  constructor(context, theme, width, height, { size = 12, left = 0 } = {}) {
    Object.assign(this, { context, theme, width, height, size, left, boxes: [] });
  }

  // A marker or ball that words should not cover.
  avoid(x, y, r) {
    this.boxes.push([x - r, y - r, x + r, y + r]);
  }

  // The same for a whole ball.
  avoidBall(x, y, r) {
    for (const [w, h] of [[0.7, 0.7], [0.95, 0.3], [0.3, 0.95]]) this.boxes.push([x - w * r, y - h * r, x + w * r, y + h * r]);
  }

  // A line that words should not cover.
  avoidLine([x0, y0], [x1, y1]) {
    const n = Math.max(2, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 8));
    for (let i = 0; i <= n; i++) this.avoid(x0 + ((x1 - x0) * i) / n, y0 + ((y1 - y0) * i) / n, 1.5);
  }

  measure(text, weight, size) {
    this.context.font = `${weight} ${size}px ${this.theme.font}`;
    return this.context.measureText(text).width;
  }

  // Text with a halo near (x, y), moved away from labels already placed.
  // reach: half height of the thing that is named; with it, the sides and the place below are tried too.
  put(text, x, y, color, { align = "center", weight = 600, up = true, size = this.size, plain = false, reach = 0 } = {}) {
    const w = this.measure(text, weight, size);
    const home = [align === "center" ? x - w / 2 : align === "right" ? x - w : x, y - size];
    const places = [home];
    if (reach) {
      const middle = y + reach + 4 - size / 2;
      places.push([x + reach + 6, middle], [x - reach - 6 - w, middle], [home[0], y + 2 * reach + 12]);
      for (const n of [1, -1, 2, -2, 3, -3]) {
        places.push([x + reach + 6, middle + n * (size + 4)], [x - reach - 6 - w, middle + n * (size + 4)]);
      }
    }
    for (let n = 1; n < 7; n++) places.push([home[0], home[1] + (up ? -n : n) * (size + 4)]);
    this.write(text, places, color, { weight, size, plain });
  }

  // The name of an arrow beside its middle, or of a dot beside it; on whichever side is free.
  name(text, [x0, y0], [x1, y1], color, { weight = 600, size = this.size } = {}) {
    const w = this.measure(text, weight, size);
    const length = Math.hypot(x1 - x0, y1 - y0);
    const spots = [];
    if (length > 1) {
      const [nx, ny] = [-(y1 - y0) / length, (x1 - x0) / length];
      for (const t of [0.5, 0.75, 0.3, 1]) for (const side of [-1, 1]) for (const far of [7, 16]) spots.push([t, side * nx, side * ny, far]);
      spots.push([1, (x1 - x0) / length, (y1 - y0) / length, 8]);
    } else {
      for (const far of [7, 18, 30]) for (let n = 0; n < 8; n++) spots.push([1, Math.cos((n * Math.PI) / 4 + 0.7), Math.sin((n * Math.PI) / 4 + 0.7), far]);
    }
    // a text hangs off its spot away from the line
    const places = spots.map(([t, ux, uy, far]) => {
      const [px, py] = [x0 + t * (x1 - x0) + far * ux, y0 + t * (y1 - y0) + far * uy];
      return [px + (ux - 1) * (w / 2), py + (uy - 1) * (size / 2)];
    });
    this.write(text, places, color, { weight, size, plain: false });
  }

  write(text, places, color, { weight, size, plain }) {
    const c = this.context;
    const w = this.measure(text, weight, size);
    const home = places[0];
    const free = ([l, t]) =>
      l >= this.left + 2 && l + w <= this.width - 2 && t >= 1 && t + size <= this.height - 1 &&
      !this.boxes.some((b) => l < b[2] + 4 && l + w + 4 > b[0] && t < b[3] && t + size + 3 > b[1]);
    let [left, top] = places.find(free) || home;
    left = Math.min(Math.max(left, this.left + 4), this.width - w - 4);
    top = Math.min(Math.max(top, 2), this.height - size - 2);
    this.boxes.push([left, top, left + w, top + size + 3]);
    c.textAlign = "left";
    c.textBaseline = "alphabetic";
    if (!plain) {
      c.lineWidth = 3.5;
      c.lineJoin = "round";
      c.strokeStyle = rgba(this.theme.background, 0.85);
      c.strokeText(text, left, top + size - 1);
    }
    c.fillStyle = color;
    c.fillText(text, left, top + size - 1);
  }
}

// Racer colours are chosen for marks; as text they need more contrast with the page.
export const inkOf = (theme, color) => rgba(mix(color, theme.dark ? [255, 255, 255] : [0, 0, 0], theme.dark ? 0.3 : 0.28), 1);

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
