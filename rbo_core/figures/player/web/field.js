// The surface as a function: bilinear heights, normals, and where a ray meets it.

export class Field {
  constructor(ground, scale) {
    Object.assign(this, { x: ground.x, y: ground.y, heights: ground.heights, scale });
    this.nx = this.x.length;
    this.ny = this.y.length;
    let low = Infinity;
    let high = -Infinity;
    for (const h of this.heights) {
      if (!Number.isFinite(h)) continue;
      low = Math.min(low, h);
      high = Math.max(high, h);
    }
    this.low = low * scale;
    this.high = high * scale;
  }

  // More pits than one can tell apart: level lines would only be noise.
  get rough() {
    let pits = 0;
    const { nx, ny, heights: h } = this;
    for (let j = 1; j + 1 < ny; j++) {
      for (let i = 1; i + 1 < nx; i++) {
        const k = j * nx + i;
        if (h[k] < h[k - 1] && h[k] < h[k + 1] && h[k] < h[k - nx] && h[k] < h[k + nx]) pits++;
      }
    }
    return pits > 60;
  }

  // The heights, holes left out, with features below `cells` samples averaged away (two box passes an axis).
  smoothed(cells) {
    let from = this.heights;
    for (const [stride, n, other, lines] of [[1, this.nx, this.nx, this.ny], [this.nx, this.ny, 1, this.nx]]) {
      for (let pass = 0; pass < 2; pass++) {
        const to = new Float64Array(from.length);
        const cell = (k) => (Number.isFinite(from[k]) ? [from[k], 1] : [0, 0]);
        for (let line = 0; line < lines; line++) {
          for (let i = 0; i < n; i++) {
            const [a, b] = [Math.max(i - cells, 0), Math.min(i + cells, n - 1)];
            let [sum, count] = [0, 0];
            for (let q = a; q <= b; q++) {
              const [height, one] = cell(line * other + q * stride);
              sum += height;
              count += one;
            }
            const here = line * other + i * stride;
            to[here] = Number.isFinite(from[here]) ? sum / count : NaN;
          }
        }
        from = to;
      }
    }
    return from;
  }

  get box() {
    return [this.x[0], this.x[this.nx - 1], this.y[0], this.y[this.ny - 1]];
  }

  at(x, y) {
    const [a, b, c, d] = this.box;
    const u = Math.min(Math.max(((x - a) / (b - a)) * (this.nx - 1), 0), this.nx - 1);
    const v = Math.min(Math.max(((y - c) / (d - c)) * (this.ny - 1), 0), this.ny - 1);
    const i = Math.min(Math.floor(u), this.nx - 2);
    const j = Math.min(Math.floor(v), this.ny - 2);
    const [s, t] = [u - i, v - j];
    const h = this.heights;
    const k = j * this.nx + i;
    return this.scale * ((1 - t) * ((1 - s) * h[k] + s * h[k + 1]) + t * ((1 - s) * h[k + this.nx] + s * h[k + this.nx + 1]));
  }

  // First point where origin + t·direction goes below the surface, or null. Enters and leaves through the bounding box.
  hit(origin, direction, reach = Infinity) {
    const [a, b, c, d] = this.box;
    let from = 0;
    let to = reach;
    const sides = [[a, b], [c, d], [this.low - 1e-9, this.high + 1e-9]];
    for (let n = 0; n < 3; n++) {
      const inverse = 1 / direction[n];
      let near = (sides[n][0] - origin[n]) * inverse;
      let far = (sides[n][1] - origin[n]) * inverse;
      if (near > far) [near, far] = [far, near];
      if (Number.isNaN(near)) continue;
      from = Math.max(from, near);
      to = Math.min(to, far);
    }
    if (!(to > from)) return null;
    const point = (t) => origin.map((o, n) => o + t * direction[n]);
    const above = (t) => {
      const p = point(t);
      return p[2] - this.at(p[0], p[1]);
    };
    const steps = 2 * Math.max(this.nx, this.ny);
    let before = from;
    if (above(from) < 0) return { point: null, t: from }; // came in through a wall of the block
    for (let n = 1; n <= steps; n++) {
      const t = from + ((to - from) * n) / steps;
      if (above(t) < 0) {
        let lo = before;
        let hi = t;
        for (let k = 0; k < 24; k++) {
          const mid = (lo + hi) / 2;
          if (above(mid) < 0) hi = mid;
          else lo = mid;
        }
        return { point: point(hi), t: hi };
      }
      before = t;
    }
    return null;
  }
}
