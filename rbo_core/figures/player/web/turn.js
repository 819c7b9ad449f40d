// The orientation of a ball that rolls without slipping: per frame a turn by (arc length of the centre's path) / ρ about
// the axis that is level with the contact plane and across the motion.

export function orientations(racer, scale) {
  const { center, position, radii, n } = racer;
  const out = new Float32Array(4 * n); // quaternions x, y, z, w
  const angle = new Float64Array(n);
  let q = [0, 0, 0, 1];
  out.set(q, 0);
  for (let i = 1; i < n; i++) {
    const d = [0, 1, 2].map((j) => center[3 * i + j] - center[3 * i - 3 + j]);
    const up = [0, 1, 2].map((j) => center[3 * i + j] - position[3 * i + j]);
    const radius = radii ? radii[i] : racer.radius;
    // Swelling lifts the centre off the contact and turns nothing.
    if (radii) for (let j = 0; j < 3; j++) d[j] -= ((radii[i] - radii[i - 1]) * up[j]) / radius;
    const axis = [up[1] * d[2] - up[2] * d[1], up[2] * d[0] - up[0] * d[2], up[0] * d[1] - up[1] * d[0]];
    const size = Math.hypot(...axis);
    const step = Math.hypot(...d) / radius;
    angle[i] = angle[i - 1] + step;
    if (size > 1e-12 && step > 0) {
      const s = Math.sin(step / 2) / size;
      const [x, y, z, w] = [axis[0] * s, axis[1] * s, axis[2] * s, Math.cos(step / 2)];
      const [a, b, c, e] = q;
      q = [w * a + x * e + y * c - z * b, w * b - x * c + y * e + z * a, w * c + x * b - y * a + z * e, w * e - x * a - y * b - z * c];
      const norm = Math.hypot(...q);
      q = q.map((v) => v / norm);
    }
    out.set(q, 4 * i);
  }
  return { out, angle, scale };
}

// Rotation matrix from body to world at a fractional frame, transposed (world to body), column major.
export function matrixAt(quaternions, frame) {
  const last = quaternions.length / 4 - 1;
  const f = Math.min(Math.max(frame, 0), last);
  const i = Math.min(Math.floor(f), Math.max(last - 1, 0));
  const t = f - i;
  const a = quaternions.subarray(4 * i, 4 * i + 4);
  const b = last > 0 ? quaternions.subarray(4 * i + 4, 4 * i + 8) : a;
  const sign = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] < 0 ? -1 : 1;
  let q = [0, 1, 2, 3].map((j) => a[j] * (1 - t) + sign * b[j] * t);
  const norm = Math.hypot(...q) || 1;
  q = q.map((v) => v / norm);
  const [x, y, z, w] = q;
  // columns of the transpose are the rows of the rotation matrix
  return new Float32Array([
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ]);
}
