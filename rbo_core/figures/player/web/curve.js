// The 2-D view: a landscape over one parameter at true scale, balls as true circles. Drawn on a canvas in two layers: the
// ground is painted once per view, the racers every frame.

import { place } from "./data.js";
import { fit, flat } from "./draw.js";
import { magnification } from "./extent.js";
import { heightsShown } from "./frame.js";
import { listen } from "./hand.js";
import { drawGround } from "./ridge.js";
import { drawRacers } from "./runners.js";

const MARGIN = { left: 46, right: 10, top: 12, bottom: 34 };

export class CurveView {
  constructor(canvas, actions, pencil = null) {
    this.canvas = canvas;
    this.actions = actions; // click(x), redraw(), pause()
    this.pencil = pencil; // where the curve is one that is drawn
    this.still = document.createElement("canvas");
    this.zoom = 1;
    this.pan = [0, 0]; // display units, relative to the fitted centre
    this.hover = null;
    this.head = 0; // px above the picture for what lies over it
    listen(this);
  }

  load(scene) {
    this.scene = scene;
    this.scale = scene.heightScale;
    this.stale = true;
    const { low, high, top } = heightsShown(scene);
    this.aspect = (1.25 * (high - low)) / (scene.bounds[0][1] - scene.bounds[0][0]); // of the ground: it must not change with the ball
    this.range = scene.range || [low, top];
    if (scene.range) this.aspect = (scene.range[1] - scene.range[0]) / (scene.bounds[0][1] - scene.bounds[0][0]);
    this.canvas.classList.toggle("rbp-paper", !!scene.drawing);
  }

  frameBox(width, height) {
    const left = width < 480 ? 36 : MARGIN.left;
    const top = this.head || MARGIN.top;
    // while the page is laid out a canvas may be smaller than its margins
    return {
      left, top,
      width: Math.max(width - left - MARGIN.right, 1), height: Math.max(height - top - MARGIN.bottom, 1),
    };
  }

  // What is shown, display units: from where to where, and the room below and above.
  extent() {
    const [a, b] = this.scene.bounds[0];
    const [low, high] = this.range;
    return { a, b, low, high, pad: Math.max(0.07 * (high - low), 0.02 * (b - a)) };
  }

  // Height of a canvas that shows all of it as wide as the canvas is.
  needs(width) {
    const { a, b, low, high, pad } = this.extent();
    const box = this.frameBox(width, 0);
    return box.top + (box.width / (b - a)) * (high - low + 2 * pad) + MARGIN.bottom;
  }

  transform(width, height) {
    const box = this.frameBox(width, height);
    const { a, b, low, high, pad } = this.extent();
    const fitted = Math.min(box.width / (b - a), box.height / (high - low + 2 * pad));
    const k = fitted * this.zoom;
    // the ground sits low in the frame, so that the free space is above it, where the ball is; a slope goes on below it
    const cx = (a + b) / 2 + this.pan[0];
    const cy = (this.slope ? (low + high) / 2 : low - pad + box.height / fitted / 2) + this.pan[1];
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
    const signature = [width, height, ratio, this.head, this.zoom, ...this.pan, theme.dark, theme.font].join();
    if (changed || this.stale || signature !== this.signature) {
      this.still.width = this.canvas.width;
      this.still.height = this.canvas.height;
      const c = flat(this.still);
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawGround(this, c, theme, width, height);
      this.signature = signature;
      this.stale = false;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.still, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.scene.drawing) this.pencil.draw(context, theme);
    drawRacers(this, context, theme, frame, width, height);
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

  // The first ball's circle on the canvas at a frame.
  circle(frame) {
    const r = this.scene.racers[0];
    if (!r?.ball || !r.center) return null;
    const { center } = place(r, Math.min(frame, r.n - 1), this.scale);
    return { cx: this.X(center[0]), cy: this.Y(center[1]), size: r.radius * this.k };
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

  dispose() {}
}
