// The ground kept as a picture with its depths, for as long as nobody turns it. Where the processor draws, most of a frame is
// the ground: kept, it is copied, and only the balls' shadows are laid on it anew.

import { Shapes } from "./shapes.js";

export class Still {
  // program: of KEPT in shaders.js.
  constructor(gl, program) {
    Object.assign(this, { gl, program });
    this.square = new Shapes(gl).add(this.program, [["aCorner", 2]], new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]));
    this.frame = gl.createFramebuffer();
    [this.colour, this.depth] = [gl.createTexture(), gl.createTexture()];
  }

  // Draw the ground, kept or anew. paint(): draws it without shadows; balls: as in shadows() of scenery.js.
  draw(view, signature, balls, paint) {
    const { gl, square } = this;
    const { width, height } = view.canvas;
    if (this.signature !== signature || this.ground !== view.ground || this.width !== width || this.height !== height) {
      this.resize(width, height);
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
      paint();
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      Object.assign(this, { signature, ground: view.ground });
    }
    const { p, u } = this.program;
    const { camera } = view;
    gl.useProgram(p);
    [this.colour, this.depth].forEach((texture, n) => {
      gl.activeTexture(gl.TEXTURE1 + n);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform1i(u.uColour, 1);
    gl.uniform1i(u.uDepths, 2);
    gl.uniform2f(u.uSize, width, height);
    gl.uniform2fv(u.uDepth, camera.depth);
    gl.uniform2fv(u.uOffset, camera.offset);
    gl.uniform2f(u.uLens, camera.aspect / camera.focal, 1 / camera.focal);
    for (const [name, value] of [["uEye", camera.eye], ["uRight", camera.right], ["uUp", camera.up], ["uBack", camera.back]]) gl.uniform3fv(u[name], value);
    gl.uniform4fv(u.uBalls, balls.data);
    gl.uniform1i(u.uCount, balls.count);
    gl.depthFunc(gl.ALWAYS);
    view.shapes.draw(square, gl.TRIANGLE_STRIP);
    gl.depthFunc(gl.LEQUAL);
    for (const unit of [gl.TEXTURE1, gl.TEXTURE2]) {
      gl.activeTexture(unit);
      gl.bindTexture(gl.TEXTURE_2D, null); // or the next ground would be drawn into what is being read
    }
    gl.activeTexture(gl.TEXTURE0);
  }

  resize(width, height) {
    if (this.width === width && this.height === height) return;
    const { gl } = this;
    Object.assign(this, { width, height });
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.activeTexture(gl.TEXTURE1);
    for (const [texture, inside, outside, type, at] of [
      [this.colour, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, gl.COLOR_ATTACHMENT0],
      [this.depth, gl.DEPTH_COMPONENT24, gl.DEPTH_COMPONENT, gl.UNSIGNED_INT, gl.DEPTH_ATTACHMENT],
    ]) {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, outside, type, null);
      for (const key of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, key, gl.NEAREST);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, at, gl.TEXTURE_2D, texture, 0);
    }
    gl.bindTexture(gl.TEXTURE_2D, null);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }
}
