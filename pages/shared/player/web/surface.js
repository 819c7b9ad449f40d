// The 3-D view: WebGL for the landscape, paths and balls; a canvas over it for markers, axes and words.

import { Camera } from "./camera.js";
import { colours } from "./cividis.js";
import { place } from "./data.js";
import { Labels, arrows, fit, inkOf, marker, symbol, tickText, ticks } from "./draw.js";
import { Field } from "./field.js";
import { dots, ribbon, sheet, walls } from "./meshes.js";
import { BALL, DOT, LINE, SURFACE, program } from "./shaders.js";
import { parse, rgba } from "./theme.js";
import { Turntable } from "./turntable.js";
import { matrixAt, orientations } from "./turn.js";

const unit = (color) => (Array.isArray(color) ? color : parse(color)).map((v) => v / 255);

// Software WebGL pays dearly for smooth edges: there they are left for when the picture stands still.
function drawnByProcessor() {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

export class SurfaceView {
  constructor(canvas, over, actions) {
    Object.assign(this, { canvas, over, actions, hover: null, quality: 1 });
    this.software = drawnByProcessor();
    const gl = canvas.getContext("webgl2", { antialias: !this.software, alpha: false, powerPreference: "high-performance" });
    if (!gl) throw new Error("This browser offers no WebGL 2.");
    this.gl = gl;
    this.surface = program(gl, SURFACE);
    this.line = program(gl, LINE);
    this.dot = program(gl, DOT);
    this.ball = program(gl, BALL);
    this.square = this.buffer(new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]));
    this.camera = new Camera();
    this.turntable = new Turntable(over, this, actions);
    this.kept = [];
  }

  buffer(data, target = this.gl.ARRAY_BUFFER) {
    const b = this.gl.createBuffer();
    this.gl.bindBuffer(target, b);
    this.gl.bufferData(target, data, this.gl.STATIC_DRAW);
    return b;
  }

  load(scene) {
    const gl = this.gl;
    for (const b of this.kept) gl.deleteBuffer(b);
    this.kept = [];
    const keep = (data, target) => {
      const b = this.buffer(data, target);
      this.kept.push(b);
      return b;
    };
    const mesh = ({ data, index }) => ({ data: keep(data), index: keep(index, gl.ELEMENT_ARRAY_BUFFER), count: index.length });
    this.scene = scene;
    const s = (this.scale = scene.heightScale);
    const field = (this.field = new Field(scene.ground, s));
    this.rough = field.rough;
    const [a, b, c, d] = field.box;
    const wide = Math.max(b - a, d - c);
    this.base = field.low - 0.05 * Math.max(field.high - field.low, 0.25 * wide);
    this.ground = mesh(sheet(field, scene.ground.heights));
    this.walls = mesh(walls(field, this.base));
    this.sheet = scene.ground.ironed ? mesh(sheet(field, scene.ground.ironed)) : null;
    const lift = 0.0022 * wide;
    this.paths = scene.racers.map((r) => {
      const points = Array.from({ length: r.n }, (_, i) => place(r, i, s));
      const main = points.map((p) => p.center || p.contact);
      const strip = ribbon(main.map((p, i) => (points[i].center ? p : [p[0], p[1], p[2] + lift])));
      const tied = [...r.contacts].flatMap(([i, all]) => all.map(([x, y, z]) => [x, y, z * s, i]));
      const touch = points[0].center ? dots([...points.map((p, i) => [...p.contact, i]), ...tied], field.box) : null;
      return {
        ribbon: { data: keep(strip.data), count: strip.count },
        dots: touch && { data: keep(touch.data), count: touch.count },
        turn: r.ball && r.center ? orientations(r, s) : null,
      };
    });
    let top = field.high;
    for (const r of scene.racers) if (r.ball) top = Math.max(top, place(r, 0, s).center[2] + r.radius);
    const box = [a, b, c, d, this.base, Math.min(top, field.high + 0.3 * wide)];
    const signature = box.map((v) => v.toPrecision(5)).join();
    if (signature !== this.signature) {
      if (this.signature && field.box.join() !== this.boxed) this.camera.reset();
      this.signature = signature;
      this.boxed = field.box.join();
      this.extent = box;
      this.fitted = null;
    }
    this.mapFor = null;
    if (!this.placed) this.camera.azimuth = this.camera.start = this.bestSide();
    this.placed = true;
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
    }
    return best[1];
  }

  size() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2) * this.quality;
    const width = Math.max(this.canvas.clientWidth, 1);
    const height = Math.max(this.canvas.clientHeight, 1);
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

  attribute(p, name, size, stride, offset) {
    const at = p.a(name);
    if (at < 0) return;
    this.gl.enableVertexAttribArray(at);
    this.gl.vertexAttribPointer(at, size, this.gl.FLOAT, false, stride * 4, offset * 4);
  }

  drawMesh(mesh) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, mesh.data);
    this.attribute(this.surface, "aPosition", 3, 6, 0);
    this.attribute(this.surface, "aNormal", 3, 6, 3);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, mesh.index);
    gl.drawElements(gl.TRIANGLES, mesh.count, gl.UNSIGNED_INT, 0);
  }

  // While anything moves the picture is coarse where that is needed; a moment later it is drawn finely.
  rest(frame, theme) {
    clearTimeout(this.resting);
    if (!this.software || this.quality > 1) return;
    this.resting = setTimeout(() => {
      this.quality = 2;
      this.draw(frame, theme);
      this.quality = 1;
    }, 250);
  }

  draw(frame, theme) {
    this.rest(frame, theme);
    this.size();
    const { gl, camera, scene } = this;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(...unit(theme.background), 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
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
    this.drawGround(theme, now);
    this.drawPaths(frame, theme);
    scene.racers.forEach((r, i) => r.ball && this.drawBall(r, this.paths[i], now[i], frame));
    if (this.sheet) this.drawSheet(theme);
    this.drawOver(frame, theme, now);
  }

  drawGround(theme, now) {
    const { gl, surface, camera, field, scene } = this;
    gl.useProgram(surface.p);
    gl.uniformMatrix4fv(surface.u.uMatrix, false, camera.matrix);
    gl.uniform2f(surface.u.uRange, field.low, field.high);
    gl.uniform1f(surface.u.uIso, this.rough ? 0 : (field.high - field.low) / 14 || 1);
    gl.uniform3fv(surface.u.uEye, camera.eye);
    gl.uniform3fv(surface.u.uInk, theme.dark ? [0.05, 0.06, 0.09] : [0.12, 0.14, 0.2]);
    gl.uniform3fv(surface.u.uPage, unit(theme.background));
    const balls = new Float32Array(32);
    let count = 0;
    scene.racers.forEach((r, i) => {
      if (r.ball && count < 8) balls.set([...now[i].center, r.radius], 4 * count++);
    });
    gl.uniform4fv(surface.u.uBalls, balls);
    gl.uniform1i(surface.u.uCount, count);
    gl.uniform4f(surface.u.uTint, 0, 0, 0, 0);
    gl.uniform1f(surface.u.uSide, 0);
    this.drawMesh(this.ground);
    gl.uniform1f(surface.u.uSide, 1);
    gl.uniform1i(surface.u.uCount, 0);
    this.drawMesh(this.walls);
  }

  drawSheet(theme) {
    const { gl, surface } = this;
    gl.useProgram(surface.p);
    gl.enable(gl.BLEND);
    gl.depthMask(false);
    gl.uniform1f(surface.u.uSide, 0);
    gl.uniform4f(surface.u.uTint, ...unit(theme.sheet), 0.3);
    this.drawMesh(this.sheet);
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  drawPaths(frame, theme) {
    const { gl, line, dot, camera, scene } = this;
    gl.enable(gl.BLEND);
    gl.depthMask(false);
    const tail = Math.max(40, 0.35 * scene.frames);
    // twice: what the hills hide stays visible, faintly
    for (const [test, alpha] of [[gl.GREATER, 0.2], [gl.LEQUAL, 1]]) {
      gl.depthFunc(test);
      gl.useProgram(line.p);
      gl.uniformMatrix4fv(line.u.uMatrix, false, camera.matrix);
      gl.uniform2f(line.u.uSize, this.canvas.width, this.canvas.height);
      gl.uniform1f(line.u.uLift, 0.0006);
      gl.uniform1f(line.u.uTail, tail);
      scene.racers.forEach((r, i) => {
        const { ribbon: strip } = this.paths[i];
        gl.uniform1f(line.u.uWidth, (r.center ? 2.2 : 3) * this.ratio);
        gl.uniform1f(line.u.uAlpha, alpha);
        gl.uniform1f(line.u.uFrame, Math.min(frame, r.n - 1));
        gl.uniform3fv(line.u.uColor, unit(r.color));
        gl.bindBuffer(gl.ARRAY_BUFFER, strip.data);
        this.attribute(line, "aPosition", 3, 11, 0);
        this.attribute(line, "aBefore", 3, 11, 3);
        this.attribute(line, "aAfter", 3, 11, 6);
        this.attribute(line, "aSide", 2, 11, 9);
        gl.drawArrays(gl.TRIANGLE_STRIP, 0, strip.count);
      });
    }
    gl.useProgram(dot.p);
    gl.uniformMatrix4fv(dot.u.uMatrix, false, camera.matrix);
    gl.uniform1f(dot.u.uDot, 3 * this.ratio);
    gl.uniform1f(dot.u.uLift, 0.0008);
    gl.uniform1f(dot.u.uTail, tail);
    scene.racers.forEach((r, i) => {
      const touch = this.paths[i].dots;
      if (!touch?.count) return;
      gl.uniform1f(dot.u.uFrame, Math.min(frame, r.n - 1));
      gl.uniform3fv(dot.u.uColor, unit(r.color));
      gl.bindBuffer(gl.ARRAY_BUFFER, touch.data);
      this.attribute(dot, "aPosition", 3, 4, 0);
      this.attribute(dot, "aFrame", 1, 4, 3);
      gl.drawArrays(gl.POINTS, 0, touch.count);
    });
    gl.depthMask(true);
    gl.disable(gl.BLEND);
  }

  drawBall(r, path, at, frame) {
    const { gl, ball, camera } = this;
    gl.useProgram(ball.p);
    gl.enable(gl.BLEND);
    gl.uniformMatrix4fv(ball.u.uMatrix, false, camera.matrix);
    gl.uniform3fv(ball.u.uCenter, at.center);
    gl.uniform1f(ball.u.uRadius, r.radius);
    gl.uniform3fv(ball.u.uRight, camera.right);
    gl.uniform3fv(ball.u.uUp, camera.up);
    gl.uniform3fv(ball.u.uBack, camera.back);
    gl.uniform3fv(ball.u.uEye, camera.eye);
    gl.uniform2fv(ball.u.uDepth, camera.depth);
    gl.uniform3fv(ball.u.uColor, unit(r.color));
    gl.uniformMatrix3fv(ball.u.uTurn, false, matrixAt(path.turn.out, Math.min(frame, r.n - 1)));
    gl.bindBuffer(gl.ARRAY_BUFFER, this.square);
    this.attribute(ball, "aCorner", 2, 2, 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.disable(gl.BLEND);
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

  // All places where a ball touches at this frame: its main contact and those that tie with it.
  touching(r, contact, frame) {
    return [contact, ...(r.contacts.get(Math.round(frame)) || []).map(([x, y, z]) => [x, y, z * this.scale])];
  }

  // Is a point hidden by a ball (other than number `own`)? A contact lies on its ball, on the near side or the far one.
  blocked(p, now, own = -1) {
    const { eye } = this.camera;
    const way = p.map((v, n) => v - eye[n]);
    const length = Math.hypot(...way);
    return this.scene.racers.some((r, i) => {
      if (!r.ball || i === own) return false;
      const to = now[i].center.map((v, n) => v - eye[n]);
      const along = to.reduce((sum, v, n) => sum + v * way[n], 0) / length;
      const beside = to.reduce((sum, v) => sum + v * v, 0) - along * along;
      return beside < r.radius ** 2 && along - Math.sqrt(r.radius ** 2 - beside) < length - 0.02 * r.radius;
    });
  }

  // What a ball hides is outlined on it.
  drawBehind(c, theme, behind) {
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

  drawOver(frame, theme, now) {
    const { context: c, width, height } = fit(this.over);
    const { scene } = this;
    c.clearRect(0, 0, width, height);
    this.drawAxes(c, theme);
    const labels = new Labels(c, theme, width, height);
    if (scene.minimum) {
      const p = [scene.minimum[0], scene.minimum[1], scene.minimum[2] * this.scale];
      const at = this.project(p);
      c.globalAlpha = this.hidden(p) ? 0.45 : 1;
      symbol(c, "star", at.x, at.y, 8);
      c.fillStyle = theme.ink;
      c.strokeStyle = rgba(theme.background, 1);
      c.lineWidth = 2;
      c.stroke();
      c.fill();
      c.globalAlpha = 1;
    }
    if (this.hover && scene.clickable) {
      const at = this.project(this.hover);
      c.beginPath();
      c.arc(at.x, at.y, 5, 0, 2 * Math.PI);
      c.strokeStyle = theme.ink;
      c.lineWidth = 2;
      c.fillStyle = rgba(theme.background, 0.9);
      c.fill();
      c.stroke();
      labels.put("click to start here", at.x, at.y + 24, theme.ink, { weight: 400, up: false });
    }
    const notes = [];
    const behind = []; // balls of which one sees nothing, and touching points under a ball
    scene.racers.forEach((r, i) => {
      const { contact, center } = now[i];
      if (r.ball) {
        const at = this.project(center);
        const radius = r.radius * at.k;
        if (this.blocked(center, now, i)) behind.push([at, radius, r.color, true]);
        for (const p of this.touching(r, contact, frame)) {
          const spot = this.project(p);
          const size = Math.min(Math.max(radius / 6, 1.5), 3.4);
          if (this.blocked(p, now)) {
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
        labels.avoid(at.x, at.y, 0.7 * radius);
        notes.push([r, at.x, at.y - Math.max(radius, 10) - 5, Math.max(radius, 10)]);
      } else {
        const at = this.project(contact);
        c.globalAlpha = this.hidden([contact[0], contact[1], contact[2] + 0.01 * this.camera.size]) ? 0.4 : 1;
        marker(c, theme, r, at.x, at.y, 6);
        c.globalAlpha = 1;
        labels.avoid(at.x, at.y, 7);
        notes.push([r, at.x, at.y - 11, 8]);
      }
    });
    this.drawBehind(c, theme, behind);
    arrows(c, theme, scene.arrows, frame, labels, ([x, y, z]) => {
      const at = this.project([x, y, z * this.scale]);
      return [at.x, at.y];
    });
    for (const [r, x, y, reach] of notes) labels.put(r.label, x, Math.max(y, 14), inkOf(theme, r.color), { reach });
    const caption = scene.captions.filter(([at]) => frame >= at).pop();
    if (caption) labels.put(caption[1], 10, 22, theme.ink, { align: "left", weight: 400, size: 13, up: false });
  }

  // Ticks along the two lower edges that face the viewer and up the corner at the left.
  drawAxes(c, theme) {
    const [a, b, d, e] = this.field.box;
    const { base, camera, scene } = this;
    const [vx, vy] = [camera.back[0] > 0 ? b : a, camera.back[1] > 0 ? e : d];
    const middle = this.project([(a + b) / 2, (d + e) / 2, base]);
    c.font = `400 11.5px ${theme.font}`;
    c.fillStyle = theme.soft;
    c.strokeStyle = rgba(theme.text, 0.4);
    c.lineWidth = 1;
    c.textBaseline = "middle";
    const edge = (from, to, low, high, name) => {
      const p0 = this.project(from);
      const p1 = this.project(to);
      const length = Math.hypot(p1.x - p0.x, p1.y - p0.y);
      if (length < 60) return;
      let [ox, oy] = [-(p1.y - p0.y) / length, (p1.x - p0.x) / length];
      if (ox * ((p0.x + p1.x) / 2 - middle.x) + oy * ((p0.y + p1.y) / 2 - middle.y) < 0) [ox, oy] = [-ox, -oy];
      c.textAlign = ox > 0.35 ? "left" : ox < -0.35 ? "right" : "center";
      for (const v of ticks(low, high, length / 75)) {
        const t = (v - low) / (high - low);
        const at = this.project(from.map((f, n) => f + t * (to[n] - f)));
        c.beginPath();
        c.moveTo(at.x, at.y);
        c.lineTo(at.x + 4 * ox, at.y + 4 * oy);
        c.stroke();
        c.fillText(tickText(v), at.x + 9 * ox, at.y + 11 * oy);
      }
      const mid = this.project(from.map((f, n) => (f + to[n]) / 2));
      c.fillStyle = theme.ink;
      c.fillText(name, mid.x + 30 * ox, mid.y + 27 * oy);
      c.fillStyle = theme.soft;
    };
    this.drawHeights(c, theme);
    // the balls stand before the upright axis
    c.globalCompositeOperation = "destination-out";
    scene.racers.forEach((r, i) => {
      if (!r.ball) return;
      const at = this.project(this.now[i].center);
      c.beginPath();
      c.arc(at.x, at.y, r.radius * at.k, 0, 2 * Math.PI);
      c.fill();
    });
    c.globalCompositeOperation = "source-over";
    edge([a, vy, base], [b, vy, base], a, b, scene.labels.x);
    edge([vx, d, base], [vx, e, base], d, e, scene.labels.y);
  }

  drawHeights(c, theme) {
    const [a, b, d, e] = this.field.box;
    const { base, scene } = this;
    const corners = [[a, d], [a, e], [b, d], [b, e]].map(([x, y]) => ({ x, y, at: this.project([x, y, base]) }));
    const left = corners.reduce((p, q) => (q.at.x < p.at.x ? q : p));
    const { low, high } = this.field;
    const rim = this.field.at(left.x, left.y);
    const [p0, p1] = [this.project([left.x, left.y, low]), this.project([left.x, left.y, high])];
    const length = p0.y - p1.y;
    if (length < 30) return;
    c.textAlign = "right";
    c.beginPath();
    c.moveTo(p0.x, this.project([left.x, left.y, rim]).y);
    c.lineTo(p1.x, p1.y);
    c.stroke();
    for (const v of ticks(low / this.scale, high / this.scale, length / 45)) {
      const at = this.project([left.x, left.y, v * this.scale]);
      c.beginPath();
      c.moveTo(at.x, at.y);
      c.lineTo(at.x - 4, at.y);
      c.stroke();
      c.fillText(tickText(v), at.x - 8, at.y);
    }
    const note = this.scale === 1 ? "" : ` (× ${tickText(+this.scale.toPrecision(2))})`;
    c.fillStyle = theme.ink;
    c.textAlign = "center";
    c.fillText(scene.labels.height + note, Math.max(p1.x, c.measureText(scene.labels.height + note).width / 2 + 4), p1.y - 14);
  }

  // The point of the surface under a pixel of the canvas, or null.
  pick(px, py) {
    const { origin, direction } = this.camera.ray(px, py, this.width, this.height);
    return this.field.hit(origin, direction)?.point ?? null;
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
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}


