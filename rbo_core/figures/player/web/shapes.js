// Vertex data on the graphics card. Every shape has a vertex array of its own: what one enables is not enabled for the
// next, and goes with it. (An attribute left enabled on a deleted buffer makes a graphics card refuse the next draw.)

export class Shapes {
  constructor(gl) {
    Object.assign(this, { gl, all: new Set() });
  }

  // program: of shaders.js; layout: [[attribute, floats], ...] as interleaved in `data`; index: triangles, if any.
  add(program, layout, data, index = null) {
    const { gl } = this;
    const stride = layout.reduce((sum, [, size]) => sum + size, 0);
    const shape = { array: gl.createVertexArray(), buffers: [gl.createBuffer()], count: index ? index.length : data.length / stride, indexed: index !== null };
    gl.bindVertexArray(shape.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, shape.buffers[0]);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    let offset = 0;
    for (const [name, size] of layout) {
      const at = program.a(name);
      if (at >= 0) {
        gl.enableVertexAttribArray(at);
        gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride * 4, offset * 4);
      }
      offset += size;
    }
    if (index) {
      shape.buffers.push(gl.createBuffer());
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, shape.buffers[1]);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, index, gl.STATIC_DRAW);
    }
    gl.bindVertexArray(null);
    this.all.add(shape);
    return shape;
  }

  draw(shape, mode) {
    const { gl } = this;
    gl.bindVertexArray(shape.array);
    if (shape.indexed) gl.drawElements(mode, shape.count, gl.UNSIGNED_INT, 0);
    else gl.drawArrays(mode, 0, shape.count);
    gl.bindVertexArray(null);
  }

  remove(...shapes) {
    const { gl } = this;
    for (const shape of shapes) {
      if (!this.all.delete(shape)) continue;
      gl.deleteVertexArray(shape.array);
      for (const buffer of shape.buffers) gl.deleteBuffer(buffer);
    }
  }

  clear() {
    this.remove(...this.all);
  }
}
