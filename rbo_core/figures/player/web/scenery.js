// What the 3-D view draws with WebGL: ground and walls, what the ball sees, paths, balls.

import { parse } from "./theme.js";
import { matrixAt } from "./turn.js";

const GLASS = 0.45; // opacity of a ball that hides a smaller one
const unit = (color) => (Array.isArray(color) ? color : parse(color)).map((v) => v / 255);

// The balls that throw shadows, as the shaders take them: up to eight of (x, y, z, radius).
function shadows(view, now) {
  const data = new Float32Array(32);
  let count = 0;
  view.scene.racers.forEach((r, i) => {
    if (r.ball && count < 8) data.set([...now[i].center, r.radius], 4 * count++);
  });
  return { data, count };
}

export function drawGround(view, theme, now) {
  const balls = shadows(view, now);
  // a fine picture is drawn once, and a graphics card is as fast without
  if (!view.software || view.quality > 1) paintGround(view, theme, balls);
  else view.still.draw(view, `${view.camera.matrix} ${theme.dark} ${theme.background}`, balls, () => paintGround(view, theme, { ...balls, count: 0 }));
}

function paintGround(view, theme, balls) {
  const { gl, surface, camera, field } = view;
  gl.clearColor(...unit(theme.background), 0); // the canvas has no alpha; kept ground tells by it where no shadow falls
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.useProgram(surface.p);
  gl.uniformMatrix4fv(surface.u.uMatrix, false, camera.matrix);
  gl.uniform2f(surface.u.uRange, field.low, field.high);
  gl.uniform1f(surface.u.uIso, view.rough ? 0 : (field.high - field.low) / 14 || 1);
  gl.uniform3fv(surface.u.uEye, camera.eye);
  gl.uniform3fv(surface.u.uInk, theme.dark ? [0.05, 0.06, 0.09] : [0.12, 0.14, 0.2]);
  gl.uniform3fv(surface.u.uPage, unit(theme.background));
  gl.uniform4fv(surface.u.uBalls, balls.data);
  gl.uniform1i(surface.u.uCount, balls.count);
  gl.uniform4f(surface.u.uTint, 0, 0, 0, 0);
  gl.uniform1f(surface.u.uSide, 0);
  view.shapes.draw(view.ground, gl.TRIANGLES);
  gl.uniform1f(surface.u.uSide, 1);
  gl.uniform1i(surface.u.uCount, 0);
  view.shapes.draw(view.walls, gl.TRIANGLES);
}

export function drawSheet(view, theme) {
  const { gl, surface } = view;
  gl.useProgram(surface.p);
  gl.enable(gl.BLEND);
  gl.depthMask(false);
  gl.uniform1f(surface.u.uSide, 0);
  gl.uniform4f(surface.u.uTint, ...unit(theme.sheet), 0.3);
  view.shapes.draw(view.sheet, gl.TRIANGLES);
  gl.depthMask(true);
  gl.disable(gl.BLEND);
}

export function drawPaths(view, frame, theme) {
  const { gl, line, dot, camera, scene } = view;
  gl.enable(gl.BLEND);
  gl.depthMask(false);
  const tail = Math.max(40, 0.35 * scene.frames);
  // twice: what the hills hide stays visible, faintly
  for (const [test, alpha] of [[gl.GREATER, 0.2], [gl.LEQUAL, 1]]) {
    gl.depthFunc(test);
    gl.useProgram(line.p);
    gl.uniformMatrix4fv(line.u.uMatrix, false, camera.matrix);
    gl.uniform2f(line.u.uSize, view.canvas.width, view.canvas.height);
    gl.uniform1f(line.u.uLift, 0.0006);
    gl.uniform1f(line.u.uTail, tail);
    scene.racers.forEach((r, i) => {
      const { ribbon: strip } = view.paths[i];
      gl.uniform1f(line.u.uWidth, (r.center ? 2.2 : 3) * view.ratio);
      gl.uniform1f(line.u.uAlpha, alpha);
      gl.uniform1f(line.u.uFrame, Math.min(frame, r.n - 1));
      gl.uniform3fv(line.u.uColor, unit(r.color));
      view.shapes.draw(strip, gl.TRIANGLE_STRIP);
    });
  }
  gl.useProgram(dot.p);
  gl.uniformMatrix4fv(dot.u.uMatrix, false, camera.matrix);
  gl.uniform1f(dot.u.uDot, 3 * view.ratio);
  gl.uniform1f(dot.u.uLift, 0.0008);
  gl.uniform1f(dot.u.uTail, tail);
  scene.racers.forEach((r, i) => {
    const touch = view.paths[i].dots;
    if (!touch) return;
    gl.uniform1f(dot.u.uFrame, Math.min(frame, r.n - 1));
    gl.uniform3fv(dot.u.uColor, unit(r.color));
    view.shapes.draw(touch, gl.POINTS);
  });
  gl.depthMask(true);
  gl.disable(gl.BLEND);
}

// How opaque a ball is: glass where a smaller one is behind or in it, and pale for a ghost.
export function clarity(view, own, now) {
  const { racers } = view.scene;
  const [r, at] = [racers[own], view.project(now[own].center)];
  const hides = racers.some((other, i) => {
    if (!other.ball || i === own || other.radius >= 0.999 * r.radius) return false;
    const to = view.project(now[i].center);
    return Math.hypot(to.x - at.x, to.y - at.y) < r.radius * at.k && to.depth > at.depth - r.radius;
  });
  return r.opacity * (hides ? GLASS : 1);
}

export function drawBall(view, r, path, at, frame, alpha) {
  const { gl, ball, camera } = view;
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
  gl.uniform1f(ball.u.uAlpha, alpha);
  gl.uniformMatrix3fv(ball.u.uTurn, false, matrixAt(path.turn.out, Math.min(frame, r.n - 1)));
  view.shapes.draw(view.square, gl.TRIANGLE_STRIP);
  gl.disable(gl.BLEND);
}
