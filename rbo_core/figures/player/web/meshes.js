// Vertex buffers: the surface with its walls, ribbons along paths, dots.

// Interleaved position and normal of an (ny, nx) height field; where it has a hole there is no triangle.
export function sheet(field, heights) {
  const { nx, ny, x, y, scale } = field;
  const data = new Float32Array(nx * ny * 6);
  const z = (i, j) => heights[Math.min(Math.max(j, 0), ny - 1) * nx + Math.min(Math.max(i, 0), nx - 1)] * scale;
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const [i0, i1, j0, j1] = [Math.max(i - 1, 0), Math.min(i + 1, nx - 1), Math.max(j - 1, 0), Math.min(j + 1, ny - 1)];
      const gx = slope(z(i0, j), z(i, j), z(i1, j), x[i0], x[i], x[i1]);
      const gy = slope(z(i, j0), z(i, j), z(i, j1), y[j0], y[j], y[j1]);
      const length = Math.hypot(gx, gy, 1);
      data.set([x[i], y[j], z(i, j), -gx / length, -gy / length, 1 / length], 6 * (j * nx + i));
    }
  }
  const index = [];
  const ground = (k) => Number.isFinite(heights[k]);
  for (let j = 0; j < ny - 1; j++) {
    for (let i = 0; i < nx - 1; i++) {
      const a = j * nx + i;
      // split each cell along the diagonal that bends less, or ridges look like saws
      const bend = Math.abs(z(i, j) - z(i + 1, j + 1)) < Math.abs(z(i + 1, j) - z(i, j + 1));
      const two = bend ? [[a, a + 1, a + nx + 1], [a, a + nx + 1, a + nx]] : [[a, a + 1, a + nx], [a + 1, a + nx + 1, a + nx]];
      for (const three of two) if (three.every(ground)) index.push(...three);
    }
  }
  return { data, index: new Uint32Array(index) };
}

// Slope at the middle one of three samples; beside a hole, or at the rim, from those that are there.
function slope(before, here, after, from, at, to) {
  const [b, bx] = Number.isFinite(before) ? [before, from] : [here, at];
  const [a, ax] = Number.isFinite(after) ? [after, to] : [here, at];
  return ax > bx ? (a - b) / (ax - bx) : 0;
}

// Four walls from the rim down to `base`, so that the landscape is a block and not a cloth.
export function walls(field, base) {
  const { nx, ny, x, y, heights, scale } = field;
  const data = [];
  const index = [];
  const side = (points, normal) => {
    const first = data.length / 6;
    points.forEach(([px, py, h]) => data.push(px, py, h * scale, ...normal, px, py, base, ...normal));
    for (let n = 0; n + 1 < points.length; n++) {
      if (!Number.isFinite(points[n][2] + points[n + 1][2])) continue;
      const a = first + 2 * n;
      index.push(a, a + 1, a + 2, a + 1, a + 3, a + 2);
    }
  };
  const along = (n, f) => Array.from({ length: n }, (_, i) => f(i));
  side(along(nx, (i) => [x[i], y[0], heights[i]]), [0, -1, 0]);
  side(along(nx, (i) => [x[i], y[ny - 1], heights[(ny - 1) * nx + i]]), [0, 1, 0]);
  side(along(ny, (j) => [x[0], y[j], heights[j * nx]]), [-1, 0, 0]);
  side(along(ny, (j) => [x[nx - 1], y[j], heights[j * nx + nx - 1]]), [1, 0, 0]);
  return { data: new Float32Array(data), index: new Uint32Array(index) };
}

// Per point: position, the one before, the one after, side and frame; two vertices a point, drawn as one strip.
export function ribbon(points) {
  const n = points.length;
  const data = new Float32Array(n * 2 * 11);
  for (let i = 0; i < n; i++) {
    let before = i;
    let after = i;
    const far = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]) > 1e-9;
    while (before > 0 && before > i - 4 && !far(points[before], points[i])) before--;
    while (after < n - 1 && after < i + 4 && !far(points[after], points[i])) after++;
    for (let s = 0; s < 2; s++) data.set([...points[i], ...points[before], ...points[after], s ? 1 : -1, i], 11 * (2 * i + s));
  }
  return data;
}

// Where a ball touched, points (x, y, z, frame); contacts beyond the drawn ground are left out.
export function dots(points, [a, b, c, d]) {
  const inside = points.filter(([x, y]) => x >= a && x <= b && y >= c && y <= d);
  return new Float32Array(inside.flat());
}
