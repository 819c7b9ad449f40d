// An orbit camera. World units are the landscape's, heights already scaled; z is up.

const FOV = (26 * Math.PI) / 180;
const START = { elevation: 0.74, zoom: 1 };

export class Camera {
  constructor() {
    this.start = -1.02; // azimuth of the first view
    this.reset();
    this.middle = [0, 0, 0];
    this.size = 1;
    this.distance = 5;
    this.offset = [0, 0];
  }

  reset() {
    Object.assign(this, START, { azimuth: this.start, shift: [0, 0, 0] });
  }

  // Stand where the box [x0, x1, y0, y1, z0, z1] just fills the picture, seen from the starting direction.
  fit(box, aspect) {
    this.middle = [0, 1, 2].map((n) => (box[2 * n] + box[2 * n + 1]) / 2);
    this.size = Math.hypot(...[0, 1, 2].map((n) => box[2 * n + 1] - box[2 * n])) / 2 || 1;
    const corners = [];
    for (let n = 0; n < 8; n++) corners.push([0, 1, 2].map((j) => box[2 * j + ((n >> j) & 1)]));
    const kept = [this.azimuth, this.elevation, this.zoom, this.shift];
    this.reset();
    let low = this.size;
    let high = 40 * this.size;
    const spans = (distance) => {
      this.distance = distance;
      this.offset = [0, 0];
      this.update(aspect);
      const seen = corners.map((p) => this.clip(p)).map(([x, y, , w]) => [x / w, y / w]);
      const [xs, ys] = [seen.map((p) => p[0]), seen.map((p) => p[1])];
      return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    };
    for (let n = 0; n < 40; n++) {
      const mid = (low + high) / 2;
      const [a, b, c, d] = spans(mid);
      if (b - a > 1.74 || d - c > 1.72) low = mid;
      else high = mid;
    }
    const [a, b, c, d] = spans(high);
    this.offset = [-(a + b) / 2, -(c + d) / 2 + 0.02];
    [this.azimuth, this.elevation, this.zoom, this.shift] = kept;
  }

  update(aspect) {
    const d = this.distance / this.zoom;
    const [ca, sa, ce, se] = [Math.cos(this.azimuth), Math.sin(this.azimuth), Math.cos(this.elevation), Math.sin(this.elevation)];
    this.back = [ce * ca, ce * sa, se]; // from the target to the eye
    this.right = [-sa, ca, 0];
    this.up = [-se * ca, -se * sa, ce];
    const target = this.middle.map((m, n) => m + this.shift[n]);
    this.eye = target.map((t, n) => t + d * this.back[n]);
    const f = 1 / Math.tan(FOV / 2);
    const near = Math.max(d - 2.5 * this.size, 0.02 * d);
    const far = d + 2.5 * this.size;
    const dot = (v) => v[0] * this.eye[0] + v[1] * this.eye[1] + v[2] * this.eye[2];
    const rows = [
      [...this.right, -dot(this.right)],
      [...this.up, -dot(this.up)],
      [...this.back, -dot(this.back)], // view z; what is seen has negative z
    ];
    const [zr, zo] = [(far + near) / (near - far), (2 * far * near) / (near - far)];
    const m = new Float32Array(16); // column major
    for (let c = 0; c < 4; c++) {
      m[4 * c] = (f / aspect) * rows[0][c] - this.offset[0] * rows[2][c];
      m[4 * c + 1] = f * rows[1][c] - this.offset[1] * rows[2][c];
      m[4 * c + 2] = zr * rows[2][c] + (c === 3 ? zo : 0);
      m[4 * c + 3] = -rows[2][c];
    }
    this.matrix = m;
    this.depth = [zr, zo];
    this.focal = f;
    this.aspect = aspect;
  }

  clip(p) {
    const m = this.matrix;
    return [0, 1, 2, 3].map((r) => m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r]);
  }

  // Screen position in pixels, and pixels per world unit at that depth.
  project(p, width, height) {
    const [x, y, , depth] = this.clip(p);
    const w = Math.max(depth, 1e-3 * this.distance); // what is behind the eye is as near as can be, and never upside down
    return { x: (x / w / 2 + 0.5) * width, y: (0.5 - y / w / 2) * height, k: (this.focal * height) / 2 / w, depth: w };
  }

  ray(px, py, width, height) {
    const nx = ((px / width) * 2 - 1 - this.offset[0]) * (this.aspect / this.focal);
    const ny = (1 - (py / height) * 2 - this.offset[1]) / this.focal;
    const direction = [0, 1, 2].map((n) => nx * this.right[n] + ny * this.up[n] - this.back[n]);
    const length = Math.hypot(...direction);
    return { origin: this.eye, direction: direction.map((v) => v / length) };
  }

  turn(dx, dy) {
    this.azimuth -= dx;
    this.elevation = Math.min(Math.max(this.elevation + dy, 0.05), 1.55);
  }

  slide(dx, dy, height) {
    const k = (this.focal * height) / 2 / (this.distance / this.zoom);
    this.shift = this.shift.map((s, n) => s - (dx * this.right[n] - dy * this.up[n]) / k);
  }
}
