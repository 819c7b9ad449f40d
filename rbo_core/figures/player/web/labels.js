// Words in a picture that keep clear of each other and of what they name.

import { magnification } from "./extent.js";
import { rgba } from "./theme.js";

const FAR = 12; // px from what it names at which a word gets a line to it
const apart = ([l, t, r, b], boxes) => !boxes.some((o) => l < o[2] + 4 && r + 4 > o[0] && t < o[3] && b > o[1]);

// The zoom buttons over a canvas, [left, top, right, bottom] in its own pixels, or nothing; they move with its size alone.
function buttonsOver(canvas, width, height) {
  const size = [width, height].join();
  if (canvas.__buttons?.size !== size) {
    const own = canvas.closest(".rbp-main")?.querySelector(".rbp-zoom")?.getBoundingClientRect();
    const all = canvas.getBoundingClientRect();
    const m = magnification();
    const box = own && [own.left - all.left, own.top - all.top, own.right - all.left, own.bottom - all.top].map((v) => v / m);
    canvas.__buttons = { size, boxes: box ? [box] : [] };
  }
  return canvas.__buttons.boxes;
}

export class Labels {
  // canvas: what is drawn on, or what the visitor sees of it. left, top, right, bottom: where the drawing ends; words beyond
  // would be cut off. taken: boxes of words that are there already.
  constructor(context, theme, canvas, width, height, { size = 12, left = 0, top = 0, right = width, bottom = height, taken = [] } = {}) {
    Object.assign(this, { context, theme, left, top, right, bottom, size, placed: [] });
    this.firm = [...buttonsOver(canvas, width, height), ...taken]; // what no word may ever cover: buttons and other words
    this.boxes = [...this.firm]; // and what it keeps off where there is room
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

  // Text with a halo near (x, y), moved away from labels already placed, and into the picture where that place is above it.
  // reach: half height of the thing that is named; with it, the sides and the place below are tried too.
  // within: the circle {x, y, r} of a ball that the thing is in or behind; its name then stands beside that ball, on a line.
  put(text, x, y, color, { align = "center", weight = 600, up = true, size = this.size, plain = false, reach = 0, within = null } = {}) {
    const w = this.measure(text, weight, size);
    const home = [align === "center" ? x - w / 2 : align === "right" ? x - w : x, Math.max(y, this.top + 14) - size];
    const places = [home];
    if (reach) {
      const middle = y + reach + 4 - size / 2;
      places.push([x + reach + 6, middle], [x - reach - 6 - w, middle], [home[0], y + 2 * reach + 12]);
      for (const n of [1, -1, 2, -2, 3, -3]) {
        places.push([x + reach + 6, middle + n * (size + 4)], [x - reach - 6 - w, middle + n * (size + 4)]);
      }
    }
    const beside = within ? this.beside(within, w, y + reach, size) : [];
    for (let n = 1; n < 7; n++) places.push([home[0], home[1] + (up ? -n : n) * (size + 4)]);
    const found = this.write(text, [...places.slice(0, 4), ...beside, ...places.slice(4)], color, { weight, size, plain });
    const [dx, dy] = [Math.max(found[0] - x, x - found[0] - w, 0), Math.max(found[1] - y - reach, y - found[1] - size, 0)];
    if (beside.includes(found) || (reach && Math.hypot(dx, dy) > reach + FAR)) this.lead(found, w, size, [x, y + reach], color);
  }

  // Places at both sides of a circle, from the height y on.
  beside({ x, y: middle, r }, w, y, size) {
    const places = [];
    for (const n of [0, 1, -1, 2, -2, 3, -3]) {
      const at = y + n * (size + 4);
      const half = Math.sqrt(Math.max(r * r - (at - middle) ** 2, 0));
      places.push([x + half + 8, at - size / 2], [x - half - 8 - w, at - size / 2]);
    }
    return places;
  }

  lead([left, top], w, size, [x, y], color) {
    const c = this.context;
    c.beginPath();
    if (left > x || left + w < x) c.moveTo(left > x ? left - 3 : left + w + 3, top + size / 2);
    else c.moveTo(Math.min(Math.max(x, left), left + w), top > y ? top - 2 : top + size + 3);
    c.lineTo(x, y);
    for (const [wide, ink] of [[3, rgba(this.theme.background, 0.85)], [1, color]]) {
      Object.assign(c, { lineWidth: wide, strokeStyle: ink });
      c.stroke();
    }
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
    const found = this.room(places, w, size);
    const [left, top] = found;
    const box = [left, top, left + w, top + size + 3];
    this.firm.push(box);
    this.boxes.push(box);
    this.placed.push({ text, box });
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
    return found;
  }

  // The first of the places that is free; else the nearest one to it, anywhere, that covers no word and no button.
  room(places, w, size) {
    const inside = ([l, t]) => l >= this.left + 2 && l + w <= this.right - 2 && t >= 1 && t + size <= this.bottom - 1;
    const clear = ([l, t], boxes) => apart([l, t, l + w, t + size + 3], boxes);
    const free = places.find((place) => inside(place) && clear(place, this.boxes));
    if (free) return free;
    const most = [this.right - w - 4, this.bottom - size - 2];
    const home = [this.left + 4, 2].map((least, n) => Math.max(Math.min(places[0][n], most[n]), least));
    const step = size + 4;
    const all = [home];
    for (let top = 2; top <= most[1]; top += step) for (let left = this.left + 4; left <= most[0]; left += step) all.push([left, top]);
    const away = ([l, t]) => Math.hypot(l - home[0], 1.5 * (t - home[1]));
    all.sort((a, b) => away(a) - away(b));
    return all.find((place) => clear(place, this.boxes) && away(place) < 12 * step) ?? all.find((place) => clear(place, this.firm)) ?? home;
  }
}
