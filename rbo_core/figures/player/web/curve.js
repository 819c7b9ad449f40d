// The 2-D view: a landscape over one parameter at true scale, balls as true circles. Drawn on a canvas in two layers: the
// ground is painted once per view, the racers every frame.

import { Labels, arrows, ball, fit, flat, inkOf, marker, symbol, tickText, ticks, trail } from "./draw.js";
import { place, radiusAt, row } from "./data.js";
import { magnification, spot } from "./extent.js";
import { cursorFor, drawRim, gripOn, pulled } from "./grip.js";
import { setDown } from "./imagine.js";
import { rgba } from "./theme.js";

const TWICE = 280; // ms in which a second click makes a double one
const MARGIN = { left: 46, right: 10, top: 12, bottom: 34 };

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

export class CurveView {
  constructor(canvas, actions, pencil = null) {
    this.canvas = canvas;
    this.actions = actions; // click(x), redraw(), pause()
    this.pencil = pencil; // where the curve is one that is drawn
    this.still = document.createElement("canvas");
    this.zoom = 1;
    this.pan = [0, 0]; // display units, relative to the fitted centre
    this.hover = null;
    this.listen();
  }

  load(scene) {
    this.scene = scene;
    this.scale = scene.heightScale;
    this.stale = true;
    const s = this.scale;
    const { x, heights } = scene.ground;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < x.length; i++) {
      if (x[i] < scene.bounds[0][0] || x[i] > scene.bounds[0][1] || !Number.isFinite(heights[i])) continue;
      low = Math.min(low, heights[i] * s);
      high = Math.max(high, heights[i] * s);
    }
    this.aspect = (1.25 * (high - low)) / (scene.bounds[0][1] - scene.bounds[0][0]); // of the ground: it must not change with the ball
    // the walls may be cut off, but never a racer: the frame follows what moves
    let top = low + 0.25 * (scene.bounds[0][1] - scene.bounds[0][0]);
    let needed = low;
    for (const r of scene.racers) {
      for (let i = 0; i < r.n; i++) {
        const px = r.position[2 * i];
        if (px < scene.bounds[0][0] || px > scene.bounds[0][1]) continue;
        const { contact, center } = place(r, i, s);
        needed = Math.max(needed, contact[1], center ? center[1] + radiusAt(r, i) : -Infinity);
      }
    }
    top = Math.min(Math.max(top, high), Math.max(needed, low + 0.6 * (high - low)) + 0.12 * (high - low));
    top = Math.max(top, needed);
    this.range = scene.range || [low, top];
    if (scene.range) this.aspect = (scene.range[1] - scene.range[0]) / (scene.bounds[0][1] - scene.bounds[0][0]);
    this.canvas.classList.toggle("rbp-paper", !!scene.drawing);
  }

  frameBox(width, height) {
    const left = width < 480 ? 36 : MARGIN.left;
    // while the page is laid out a canvas may be smaller than its margins
    return {
      left, top: MARGIN.top,
      width: Math.max(width - left - MARGIN.right, 1), height: Math.max(height - MARGIN.top - MARGIN.bottom, 1),
    };
  }

  transform(width, height) {
    const box = this.frameBox(width, height);
    const [a, b] = this.scene.bounds[0];
    const [low, high] = this.range;
    const pad = Math.max(0.07 * (high - low), 0.02 * (b - a));
    const fitted = Math.min(box.width / (b - a), box.height / (high - low + 2 * pad));
    const k = fitted * this.zoom;
    // the ground sits low in the frame, so that the free space is above it, where the ball is
    const cx = (a + b) / 2 + this.pan[0];
    const cy = low - pad + box.height / fitted / 2 + this.pan[1];
    this.k = k;
    this.box = box;
    this.X = (x) => box.left + box.width / 2 + (x - cx) * k;
    this.Y = (h) => box.top + box.height / 2 - (h - cy) * k;
    this.toX = (px) => cx + (px - box.left - box.width / 2) / k;
    this.toY = (py) => cy - (py - box.top - box.height / 2) / k;
  }

  draw(frame, theme) {
    const { context, width, height, ratio, changed } = fit(this.canvas);
    this.transform(width, height);
    this.follow(frame);
    const signature = [width, height, ratio, this.zoom, ...this.pan, theme.dark, theme.font].join();
    if (changed || this.stale || signature !== this.signature) {
      this.still.width = this.canvas.width;
      this.still.height = this.canvas.height;
      const c = flat(this.still);
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.drawGround(c, theme, width, height);
      this.signature = signature;
      this.stale = false;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.still, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.scene.drawing) this.pencil.draw(context, theme);
    this.drawRacers(context, theme, frame, width, height);
  }

  // Zoomed in, the view goes along with the first racer once it nears the edge.
  follow(frame) {
    if (this.zoom <= 1.01 || !this.actions.playing()) return;
    const { contact, center } = place(this.scene.racers[0], frame, this.scale);
    const [x, y] = center || contact;
    const box = this.box;
    const out = (v, low, high) => (v < low ? v - low : v > high ? v - high : 0);
    const dx = out(this.X(x), box.left + 0.3 * box.width, box.left + 0.7 * box.width);
    const dy = out(this.Y(y), box.top + 0.25 * box.height, box.top + 0.75 * box.height);
    if (dx || dy) {
      this.pan = [this.pan[0] + dx / this.k, this.pan[1] - dy / this.k];
      this.transform(this.canvas.clientWidth / magnification(), this.canvas.clientHeight / magnification());
    }
  }

  path(c, values, close) {
    const { x } = this.scene.ground;
    const box = this.box;
    const first = this.toX(box.left) - 0.02;
    const last = this.toX(box.left + box.width) + 0.02;
    let i = 0;
    while (i < x.length - 2 && x[i + 1] < first) i++;
    let j = x.length - 1;
    while (j > i + 1 && x[j - 1] > last) j--;
    c.beginPath();
    for (const [from, to] of stretches(values, i, j)) {
      c.moveTo(this.X(x[from]), this.Y(values[from] * this.scale));
      this.stretch(c, values, from, to, j - i > 4 * box.width);
      if (!close) continue;
      c.lineTo(this.X(x[to]), box.top + box.height);
      c.lineTo(this.X(x[from]), box.top + box.height);
      c.closePath();
    }
  }

  // Samples from one to another, all of them ground. dense: more samples than pixels.
  stretch(c, values, i, j, dense) {
    const { x } = this.scene.ground;
    if (!dense) {
      for (let n = i + 1; n <= j; n++) c.lineTo(this.X(x[n]), this.Y(values[n] * this.scale));
      return;
    }
    // keep first, lowest, highest and last of every pixel column, which looks the same
    const flush = (n0, n1) => {
      let lo = n0, hi = n0;
      for (let n = n0; n <= n1; n++) {
        if (values[n] < values[lo]) lo = n;
        if (values[n] > values[hi]) hi = n;
      }
      for (const n of [n0, Math.min(lo, hi), Math.max(lo, hi), n1]) c.lineTo(this.X(x[n]), this.Y(values[n] * this.scale));
    };
    let start = i;
    for (let n = i; n <= j; n++) {
      if (n === j || Math.floor(this.X(x[n + 1])) !== Math.floor(this.X(x[start]))) {
        flush(start, n);
        start = n + 1;
      }
    }
  }

  drawGround(c, theme, width, height) {
    const { ground, minimum, labels } = this.scene;
    const box = this.box;
    c.clearRect(0, 0, width, height);
    c.save();
    c.beginPath();
    c.rect(box.left, box.top - 4, box.width, box.height + 4);
    c.clip();
    const yTicks = ticks(this.toY(box.top + box.height) / this.scale, this.toY(box.top) / this.scale, box.height / 70);
    c.lineWidth = 1;
    c.strokeStyle = theme.faint;
    for (const v of yTicks) {
      const y = Math.round(this.Y(v * this.scale)) + 0.5;
      c.beginPath();
      c.moveTo(box.left, y);
      c.lineTo(box.left + box.width, y);
      c.stroke();
    }
    const fill = c.createLinearGradient(0, this.Y(this.range[1]), 0, box.top + box.height);
    fill.addColorStop(0, theme.groundTop);
    fill.addColorStop(1, theme.groundBottom);
    this.path(c, ground.heights, true);
    c.fillStyle = fill;
    c.fill();
    if (ground.ironed) {
      this.path(c, ground.ironed, false);
      c.lineWidth = 1.6;
      c.setLineDash([6, 4]);
      c.strokeStyle = theme.sheet;
      c.stroke();
      c.setLineDash([]);
    }
    this.path(c, ground.heights, false);
    c.lineJoin = "round";
    c.lineWidth = 1.7;
    c.strokeStyle = theme.ridge;
    c.stroke();
    if (ground.reachable) this.drawUnreachable(c, theme);
    const text = new Labels(c, theme, width, height);
    if (minimum) {
      const x = this.X(minimum[0]);
      const y = this.Y(minimum[1] * this.scale);
      symbol(c, "star", x, y + 13, 6);
      c.fillStyle = theme.ink;
      c.fill();
      if (y + 36 < box.top + box.height) text.put("global minimum", x, y + 34, theme.soft, { weight: 400, up: false, plain: true });
    }
    c.restore();
    c.font = `400 12px ${theme.font}`;
    c.fillStyle = theme.soft;
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (const v of yTicks) {
      const y = this.Y(v * this.scale);
      if (y > box.top + 14 && y < box.top + box.height - 4) c.fillText(tickText(v), box.left - 7, y);
    }
    c.textAlign = "left";
    c.textBaseline = "top";
    c.fillText(labels.height + (this.scale === 1 ? "" : `   (heights drawn × ${tickText(+this.scale.toPrecision(2))})`), 4, 0);
    c.textAlign = "center";
    const name = labels.x;
    const nameWidth = c.measureText(name).width;
    const base = box.top + box.height;
    c.strokeStyle = rgba(theme.text, 0.35);
    c.beginPath();
    c.moveTo(box.left, base + 0.5);
    c.lineTo(box.left + box.width, base + 0.5);
    c.stroke();
    const [first, last] = [Math.min(this.scene.bounds[0][0], this.scene.ground.x[0]), Math.max(this.scene.bounds[0][1], this.scene.ground.x.at(-1))];
    for (const v of ticks(this.toX(box.left), this.toX(box.left + box.width), box.width / 80)) {
      const x = this.X(v);
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

  drawUnreachable(c, theme) {
    const { x, heights, reachable } = this.scene.ground;
    c.strokeStyle = theme.warning;
    c.lineWidth = 2.6;
    c.beginPath();
    for (let i = 0; i + 1 < x.length; i++) {
      if (reachable[i] && reachable[i + 1]) continue;
      if (!Number.isFinite(heights[i] + heights[i + 1])) continue;
      c.moveTo(this.X(x[i]), this.Y(heights[i] * this.scale));
      c.lineTo(this.X(x[i + 1]), this.Y(heights[i + 1] * this.scale));
    }
    c.stroke();
  }

  drawRacers(c, theme, frame, width, height) {
    const scene = this.scene;
    const s = this.scale;
    const box = this.box;
    const labels = new Labels(c, theme, width, height, { left: box.left });
    const tail = Math.max(40, Math.round(0.3 * scene.frames));
    c.save();
    c.beginPath();
    c.rect(box.left, 0, box.width, box.top + box.height);
    c.clip();
    const put = (values, f) => {
      const [x, h] = row(values, 2, f);
      return [this.X(x), this.Y(h * s)];
    };
    for (const r of scene.racers) {
      const f = Math.min(frame, r.n - 1);
      if (r.center && s === 1) trail(c, r.color, (i) => put(r.center, i), f, tail, 1.6, 0.22);
      else if (!r.center) trail(c, r.color, (i) => put(r.position, i), f, tail, 3, 0.25);
    }
    if (this.hover !== null && scene.clickable) this.drawHover(c, theme, labels);
    const order = [...scene.racers].sort((a, b) => (b.radius || 0) - (a.radius || 0));
    const notes = [];
    for (const r of order) {
      const f = Math.min(frame, r.n - 1);
      const { contact, center } = place(r, f, s);
      const x = this.X(contact[0]);
      const y = this.Y(contact[1]);
      if (center && r.ball) {
        const radius = r.radius * this.k;
        const cx = this.X(center[0]);
        const cy = this.Y(center[1]);
        c.globalAlpha = r.opacity;
        ball(c, theme, r, cx, cy, radius, r.rotation ? row(r.rotation, 1, f)[0] : 0);
        c.globalAlpha = 1;
        const touching = [contact, ...(r.contacts.get(Math.round(f)) || []).map(([a, b]) => [a, b * s])];
        for (const [a, b] of touching) {
          c.beginPath();
          c.arc(this.X(a), this.Y(b), 3.4, 0, 2 * Math.PI);
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
    if (this.grip?.part === "rim") drawRim(c, theme, this.circle(frame));
    if (this.held) this.drawHeld(c, theme, labels);
    arrows(c, theme, scene.arrows, frame, labels, ([x, h]) => [this.X(x), this.Y(h * s)]);
    for (const [r, x, y, reach] of notes) labels.put(r.label, x, Math.max(y, box.top + 14), inkOf(theme, r.color), { reach });
    c.restore();
    const caption = scene.captions.filter(([at]) => frame >= at).pop();
    if (caption) labels.put(caption[1], box.left + 10, box.top + 22, theme.ink, { align: "left", weight: 400, size: 13, up: false });
  }

  heightAt(at) {
    const { x, heights } = this.scene.ground;
    let lo = 0;
    let hi = x.length - 1;
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (x[mid] <= at) lo = mid;
      else hi = mid;
    }
    const t = (at - x[lo]) / (x[hi] - x[lo]);
    return heights[lo] + t * (heights[hi] - heights[lo]);
  }

  drawHover(c, theme, labels) {
    const x = this.X(this.hover);
    const y = this.Y(this.heightAt(this.hover) * this.scale);
    if (!Number.isFinite(y)) return; // over a gap
    c.beginPath();
    c.arc(x, y, 5, 0, 2 * Math.PI);
    c.fillStyle = rgba(theme.background, 1);
    c.fill();
    c.lineWidth = 2;
    c.strokeStyle = theme.ink;
    c.stroke();
    labels.put(this.scene.drawing ? "drag to draw, click to start here" : "click to start here", x, y + 24, theme.soft, { weight: 400, up: false });
  }

  // The first ball's circle on the canvas at a frame.
  circle(frame) {
    const r = this.scene.racers[0];
    if (!r?.ball || !r.center) return null;
    const { center } = place(r, Math.min(frame, r.n - 1), this.scale);
    return { cx: this.X(center[0]), cy: this.Y(center[1]), size: r.radius * this.k };
  }

  gripAt(x, y, reach) {
    const circle = this.circle(this.actions.frame());
    if (!circle) return null;
    const body = this.scene.drawing ? Math.min(circle.size, 24) : circle.size; // a large ball leaves room to draw
    return gripOn(this.scene, circle, [x, y], reach, body);
  }

  pull(grip, x, y) {
    if (grip.part === "rim") {
      this.actions.radius(pulled(grip, x, y));
      return;
    }
    const [low, high] = this.scene.bounds[0];
    this.held = { x: Math.min(Math.max(this.toX(x - grip.dx), low), high), radius: grip.radius };
    this.actions.redraw();
  }

  release(grip) {
    if (grip.part === "rim") {
      this.actions.chosen();
      return;
    }
    if (this.held) this.actions.click([this.held.x]);
    this.held = null;
    this.actions.redraw();
  }

  // The ball in the visitor's hand, set down where it would start.
  drawHeld(c, theme, labels) {
    const { center, contact } = setDown({ ...this.scene.ground }, this.held.x, this.held.radius);
    const [x, y] = [this.X(center[0]), this.Y(center[1] * this.scale)];
    c.globalAlpha = 0.55;
    ball(c, theme, this.scene.racers[0], x, y, this.held.radius * this.k, 0);
    c.globalAlpha = 1;
    c.beginPath();
    c.arc(this.X(contact[0]), this.Y(contact[1] * this.scale), 3.4, 0, 2 * Math.PI);
    c.fillStyle = theme.ink;
    c.fill();
    labels.put("let go to start here", x, y - this.held.radius * this.k - 8, theme.ink, { weight: 600 });
  }

  setZoom(factor) {
    if (factor === 0) {
      this.zoom = 1;
      this.pan = [0, 0];
    } else {
      const before = this.zoom;
      this.zoom = Math.min(Math.max(this.zoom * factor, 1), 400);
      if (before === 1 && factor > 1) {
        // zooming in starts at the leading racer, which is what one wants to see closer
        this.transform(this.canvas.clientWidth / magnification(), this.canvas.clientHeight / magnification());
        const { contact, center } = place(this.scene.racers[0], this.actions.frame(), this.scale);
        const [x, y] = center || contact;
        const box = this.box;
        this.pan = [this.pan[0] + x - this.toX(box.left + box.width / 2), this.pan[1] + y - this.toY(box.top + box.height / 2)];
      }
      if (this.zoom === 1) this.pan = [0, 0];
    }
    this.actions.redraw();
  }

  listen() {
    const canvas = this.canvas;
    let down = null;
    let tap = 0;
    const at = (e) => spot(e, canvas);
    const inside = (x) => x >= this.scene.bounds[0][0] && x <= this.scene.bounds[0][1];
    canvas.addEventListener("pointerdown", (e) => {
      if (e.button !== 0) return;
      const [x, y] = at(e);
      down = { x, y, pan: [...this.pan], moved: false };
      const reach = e.pointerType === "mouse" ? 7 : 16;
      const pen = this.scene.drawing ? this.pencil : null;
      const knot = pen ? pen.at(x, y, reach + 2) : -1;
      down.knot = knot >= 0;
      if (down.knot) pen.take(knot);
      else down.grip = this.gripAt(x, y, reach);
      down.pen = pen && !down.grip ? pen : null;
      canvas.setPointerCapture?.(e.pointerId);
    });
    canvas.addEventListener("pointermove", (e) => {
      const [x, y] = at(e);
      if (down) {
        if (Math.hypot(x - down.x, y - down.y) >= 5) down.moved = true;
        if (down.moved && down.pen) {
          if (!down.pen.gesture) {
            down.pen.begin();
            down.pen.move(down.x, down.y);
          }
          down.pen.move(x, y);
          return;
        }
        if (down.moved && down.grip) {
          this.pull(down.grip, x, y);
          return;
        }
        if (down.moved && this.zoom > 1) {
          this.pan = [down.pan[0] - (x - down.x) / this.k, down.pan[1] + (y - down.y) / this.k];
          this.actions.redraw();
        }
        return;
      }
      const grip = this.toX && e.pointerType === "mouse" ? this.gripAt(x, y, 7) : null;
      canvas.style.cursor = cursorFor(grip);
      if (grip?.part !== this.grip?.part) {
        this.grip = grip;
        this.actions.redraw();
      }
      const value = this.toX && !grip ? this.toX(x) : null;
      const next = e.pointerType === "mouse" && value !== null && inside(value) ? value : null;
      if (next !== this.hover) {
        this.hover = next;
        this.actions.redraw();
      }
    });
    canvas.addEventListener("pointerleave", () => {
      this.hover = this.grip = null;
      this.actions.redraw();
    });
    canvas.addEventListener("pointercancel", () => {
      if (down?.grip?.part === "rim" && down.moved) this.actions.settle();
      down?.pen?.cancel();
      down = this.held = null;
      this.actions.redraw();
    });
    canvas.addEventListener("pointerup", (e) => {
      if (!down) return;
      const [x, y] = at(e);
      const moved = down.moved || Math.hypot(x - down.x, y - down.y) >= 5;
      const { pen, knot } = down;
      const grip = moved ? down.grip : null;
      down = null;
      pen?.up(moved);
      if ((pen && moved) || knot) return;
      if (grip) {
        this.release(grip);
        return;
      }
      if (moved || !this.scene.clickable) return;
      const value = this.toX(x);
      if (!inside(value)) return;
      if (!pen) this.actions.click([value]);
      else tap = setTimeout(() => this.actions.click([value]), TWICE);
    });
    canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey) return; // the plain wheel scrolls the page
      e.preventDefault();
      this.setZoom(Math.exp(-e.deltaY * 0.004));
    }, { passive: false });
    canvas.addEventListener("dblclick", (e) => {
      clearTimeout(tap);
      if (this.scene.drawing) this.pencil.twice(...at(e), 16);
      else if (this.zoom > 1) this.setZoom(0);
    });
  }

  dispose() {}
}
