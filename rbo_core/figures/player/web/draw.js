// Canvas pieces shared by the views: crisp sizing, markers, the shaded ball, trails.

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

const SAME = 0.6; // px: what is nearer adds nothing to a line, and each of its corners costs where no graphics card draws
const SHORT = 4; // px: so short a way to where the line has been is covered by it, as where a racer swings in a pit
const cell = (x, y) => Math.round(x / SAME) * 65536 + Math.round(y / SAME);

// A polyline whose older part is paler. point(i) gives screen coordinates of frame i; the tip is drawn up to `frame`.
// shades: steps of its fading, a stroke each.
export function trail(context, color, point, frame, length, width, floor = 0.1, shades = 12) {
  const end = Math.floor(frame);
  const start = Math.max(0, end - length);
  context.lineJoin = "round";
  context.lineCap = "butt";
  context.lineWidth = width;
  const chunks = Math.min(shades, Math.max(1, end - start));
  const stroke = (a, b, alpha, tip) => {
    if (b < a || (a === b && !tip)) return;
    const stride = Math.max(1, Math.floor((b - a) / 600));
    context.beginPath();
    let [x0, y0] = point(a);
    context.moveTo(x0, y0);
    const been = new Set([cell(x0, y0)]);
    let moved = false;
    const to = ([x, y], least) => {
      const way = Math.abs(x - x0) + Math.abs(y - y0);
      if (way <= least) return;
      const here = cell(x, y);
      if (way < SHORT && been.has(here)) context.moveTo(x, y);
      else context.lineTo(x, y);
      been.add(here);
      [x0, y0, moved] = [x, y, true];
    };
    for (let i = a + stride; i < b; i += stride) to(point(i), SAME);
    to(point(b), 0);
    if (tip) to(point(frame), 0);
    if (!moved) return;
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

// Racer colours are chosen for marks; as text they need more contrast with the page.
export const inkOf = (theme, color) => rgba(mix(color, theme.dark ? [255, 255, 255] : [0, 0, 0], theme.dark ? 0.3 : 0.28), 1);
