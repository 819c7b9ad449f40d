// The 3-D view: WebGL for the landscape, paths and balls; a canvas over it for markers, axes and words.

import { Camera } from "./camera.js";
import { colours } from "./cividis.js";
import { place, radiusAt } from "./data.js";
import { density } from "./draw.js";
import { magnification } from "./extent.js";
import { Field } from "./field.js";
import { gripOn, pulled } from "./grip.js";
import { sheet, walls } from "./meshes.js";
import { drawOver } from "./overlay.js";
import { pathOf } from "./paths.js";
import { drawnByProcessor } from "./renderer.js";
import { clarity, drawBall, drawGround, drawPaths, drawSheet } from "./scenery.js";
import { BALL, DOT, KEPT, LINE, SURFACE, program } from "./shaders.js";
import { Shapes } from "./shapes.js";
import { Still } from "./still.js";
import { Turntable } from "./turntable.js";

const SHEET = [["aPosition", 3], ["aNormal", 3]];
const LOST = "The graphics card was taken away; the picture comes back as soon as it is there again.";
const REST = 250; // ms after which a picture that does not move is drawn finely
const HIGHEST = 0.8; // of the ground's width: what a ball looks over it by, at most, or the ground would be small
const HEADROOM = 0.1; // of the ground's width: in such steps the picture makes room for a ball that looks over it
const BODY = 26; // px round a ball's centre by which it is moved; beside it the scene is turned

export class SurfaceView {
  constructor(canvas, over, actions) {
    Object.assign(this, { canvas, over, actions, hover: null, held: null, grip: null, quality: 1, lost: null });
    this.software = drawnByProcessor();
    const gl = canvas.getContext("webgl2", { antialias: !this.software, alpha: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("This browser offers no WebGL 2.");
    this.gl = gl;
    this.camera = new Camera();
    this.turntable = new Turntable(over, this, actions);
    this.prepare();
    this.listening = new AbortController();
    const { signal } = this.listening;
    canvas.addEventListener("webglcontextlost", (e) => this.lose(e), { signal });
    canvas.addEventListener("webglcontextrestored", () => this.restore(), { signal });
  }

  prepare() {
    const { gl } = this;
    let kept = null;
    [this.surface, this.line, this.dot, this.ball, kept] = [SURFACE, LINE, DOT, BALL, KEPT].map((source) => program(gl, source));
    this.square = new Shapes(gl).add(this.ball, [["aCorner", 2]], new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]));
    this.shapes = new Shapes(gl);
    this.grounds = new Shapes(gl);
    this.paths = [];
    this.rolled = new Map(); // a racer's shapes, which stay while it does
    this.laid = null; // whose ground that is
    this.still = new Still(gl, kept);
    this.map = this.mapFor = null;
  }

  // A browser takes a context away when the card is reset or too many pages want one.
  lose(event) {
    event.preventDefault(); // or it would not be given back
    clearTimeout(this.resting);
    this.lost = Object.assign(document.createElement("p"), { className: "rbp-lost", textContent: LOST });
    this.lost.setAttribute("role", "status");
    this.canvas.parentElement?.append(this.lost);
    this.over.hidden = true; // words without their landscape would only confuse
  }

  restore() {
    this.prepare();
    if (this.scene) this.upload();
    this.lost?.remove();
    this.lost = null;
    this.over.hidden = false;
    this.actions.redraw();
  }

  load(scene) {
    const s = scene.heightScale;
    if (scene.ground !== this.scene?.ground || s !== this.scale) {
      this.field = new Field(scene.ground, s);
      this.rough = this.field.rough;
    }
    Object.assign(this, { scene, scale: s });
    const { field } = this;
    const [a, b, c, d] = field.box;
    const wide = Math.max(b - a, d - c);
    this.base = field.low - 0.05 * Math.max(field.high - field.low, 0.25 * wide);
    if (!this.lost) this.upload();
    let top = field.high;
    for (const r of scene.racers) if (r.ball) top = Math.max(top, place(r, 0, s).center[2] + radiusAt(r, 0));
    const room = Math.ceil((top - field.high) / (HEADROOM * wide) - 1e-6) * HEADROOM * wide; // dragging ρ must not pump the picture
    const box = [a, b, c, d, this.base, field.high + Math.min(room, HIGHEST * wide)];
    const signature = box.map((v) => v.toPrecision(5)).join();
    if (signature !== this.signature) {
      if (this.signature && field.box.join() !== this.boxed) this.camera.reset();
      this.signature = signature;
      this.boxed = field.box.join();
      this.extent = box;
      this.fitted = null;
    }
    if (!this.placed) this.camera.azimuth = this.camera.start = this.bestSide();
    this.placed = true;
  }

  // The scene's shapes on the graphics card, in place of the last scene's; runs on one ground share it.
  upload() {
    const { scene, field, shapes, rolled } = this;
    if (this.laid !== field) {
      this.lay();
      shapes.clear();
      rolled.clear();
    }
    for (const [racer, path] of rolled) {
      if (scene.racers.includes(racer)) continue;
      rolled.delete(racer);
      shapes.remove(path.ribbon, path.dots);
    }
    for (const r of scene.racers) if (!rolled.has(r)) rolled.set(r, pathOf(this, r));
    this.paths = scene.racers.map((r) => rolled.get(r));
  }

  lay() {
    const { field, grounds } = this;
    const { heights, ironed } = this.scene.ground;
    grounds.clear();
    const mesh = ({ data, index }) => grounds.add(this.surface, SHEET, data, index);
    this.ground = mesh(sheet(field, heights));
    this.walls = mesh(walls(field, this.base));
    this.sheet = ironed ? mesh(sheet(field, ironed)) : null;
    this.laid = field;
  }

  // Of eight sides, the one from which hills hide least of the race.
  bestSide() {
    const camera = this.camera;
    camera.fit(this.extent, 1.2);
    const spots = [];
    for (const r of this.scene.racers) {
      for (let n = 0; n <= 12; n++) {
        const { contact, center } = place(r, (n / 12) * (r.n - 1), this.scale);
        spots.push(center || [contact[0], contact[1], contact[2] + 0.01 * camera.size]);
      }
    }
    const { minimum } = this.scene;
    if (minimum) spots.push([minimum[0], minimum[1], minimum[2] * this.scale + 0.01 * camera.size]);
    let best = [-1, 0];
    for (let n = 0; n < 8; n++) {
      camera.azimuth = -1.02 + (n * Math.PI) / 4;
      camera.update(1.2);
      const seen = spots.filter((p) => !this.hidden(p)).length + (n === 0 ? 0.5 : 0);
      if (seen > best[0]) best = [seen, camera.azimuth];
      if (seen >= spots.length) break; // none sees more
    }
    return best[1];
  }

  size() {
    const m = magnification();
    const ratio = density.get() * m * this.quality;
    const width = Math.max(this.canvas.clientWidth / m, 1);
    const height = Math.max(this.canvas.clientHeight / m, 1);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    const aspect = width / height;
    if (this.fitted !== aspect) {
      this.camera.fit(this.extent, aspect);
      this.fitted = aspect;
    }
    this.camera.update(aspect);
    Object.assign(this, { width, height, ratio });
  }

  // While anything moves the picture is coarse where that is needed; a moment later it is drawn finely.
  rest(frame, theme) {
    clearTimeout(this.resting);
    const now = performance.now();
    const pace = now - (this.drawnAt ?? 0); // a busy machine takes longer between two pictures that still are one motion
    this.drawnAt = now;
    if (!this.software || this.quality > 1) return;
    this.resting = setTimeout(() => this.finely(frame, theme), pace < 4 * REST ? Math.max(REST, 3 * pace) : REST);
  }

  // Where the processor draws, that takes a tenth of a second and more, for which a new scene would have to wait: one that was
  // asked for comes first.
  finely(frame, theme) {
    clearTimeout(this.resting);
    if (this.actions.waiting()) {
      this.resting = setTimeout(() => this.finely(frame, theme), REST);
      return;
    }
    this.quality = 2;
    this.draw(frame, theme);
    this.quality = 1;
  }

  draw(frame, theme) {
    if (this.lost) return;
    this.rest(frame, theme);
    this.size();
    const { gl, camera, scene } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.depthMask(true);
    gl.disable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.mapFor !== theme.dark) {
      this.map = this.map || gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, this.map);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours(theme));
      for (const [key, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) gl.texParameteri(gl.TEXTURE_2D, key, value);
      this.mapFor = theme.dark;
    }
    const now = scene.racers.map((r) => place(r, Math.min(frame, r.n - 1), this.scale));
    this.now = now;
    drawGround(this, theme, now);
    drawPaths(this, frame, theme);
    // small balls first, so that they are seen through large ones
    const balls = scene.racers.map((r, i) => [r, i]).filter(([r]) => r.ball).sort(([a], [b]) => a.radius - b.radius);
    for (const [r, i] of balls) drawBall(this, r, this.paths[i], now[i], frame, clarity(this, i, now));
    if (this.sheet) drawSheet(this, theme);
    drawOver(this, frame, theme, now);
  }

  project(p) {
    return this.camera.project(p, this.width, this.height);
  }

  // Is a point hidden behind a hill?
  hidden(p) {
    const eye = this.camera.eye;
    const way = p.map((v, n) => v - eye[n]);
    const length = Math.hypot(...way);
    const hit = this.field.hit(eye, way.map((v) => v / length));
    return hit !== null && hit.t < length - 0.012 * this.camera.size;
  }

  // The point of the surface under a pixel of the canvas, or null.
  pick(px, py) {
    const { origin, direction } = this.camera.ray(px, py, this.width, this.height);
    return this.field.hit(origin, direction)?.point ?? null;
  }

  // The first ball's circle on the canvas, as it is drawn now.
  circle() {
    const [r] = this.scene.racers;
    if (!r?.ball || !this.now) return null;
    const at = this.project(this.now[0].center);
    return { cx: at.x, cy: at.y, size: r.radius * at.k };
  }

  gripAt(p, reach) {
    const circle = this.circle();
    return circle && gripOn(this.scene, circle, p, reach, Math.min(circle.size, BODY));
  }

  pull(grip, [x, y]) {
    if (grip.part === "rim") this.actions.radius(pulled(grip, x, y));
    else this.held = this.pick(x - grip.dx, y - grip.dy) ?? this.held;
    this.actions.redraw();
  }

  release(grip) {
    if (grip.part === "rim") this.actions.chosen();
    else if (this.held) this.actions.click([this.held[0], this.held[1]]);
    this.held = null;
    this.actions.redraw();
  }

  // A pull that the system took away.
  letGo(grip) {
    if (grip.part === "rim") this.actions.settle();
    this.held = null;
    this.actions.redraw();
  }

  setZoom(factor) {
    if (factor === 0) this.camera.reset();
    else this.camera.zoom = Math.min(Math.max(this.camera.zoom * factor, 0.4), 60);
    this.actions.redraw();
  }

  turn(dx, dy) {
    this.camera.turn(dx, dy);
    this.actions.redraw();
  }

  dispose() {
    clearTimeout(this.resting);
    this.listening.abort();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
