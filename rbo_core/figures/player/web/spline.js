// The natural cubic spline through a drawing's knots, its text, and the knots of a stroke: what landscapes/drawing.py knows, for
// the time until the server has answered. Knots are [column, row] on the paper's lattice, whole numbers, from left to right.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const MARGIN = 24; // columns

export const write = (knots) => knots.flat().map((n) => ALPHABET[n >> 6] + ALPHABET[n & 63]).join("");

export function read(text) {
  const numbers = text.match(/../g).map((pair) => 64 * ALPHABET.indexOf(pair[0]) + ALPHABET.indexOf(pair[1]));
  return Array.from({ length: numbers.length / 2 }, (_, k) => numbers.slice(2 * k, 2 * k + 2));
}

// (x) -> height of the natural cubic spline through points [x, height], x rising, straight beyond its ends.
export function spline(points) {
  const n = points.length;
  const gap = (k) => points[k + 1][0] - points[k][0];
  const rise = (k) => (points[k + 1][1] - points[k][1]) / gap(k);
  // second derivatives m at the knots: tridiagonal, none at the ends
  const m = new Float64Array(n);
  const above = new Float64Array(n);
  for (let k = 1; k < n - 1; k++) {
    const pivot = 2 * (gap(k - 1) + gap(k)) - gap(k - 1) * above[k - 1];
    above[k] = gap(k) / pivot;
    m[k] = (6 * (rise(k) - rise(k - 1)) - gap(k - 1) * m[k - 1]) / pivot;
  }
  for (let k = n - 2; k > 0; k--) m[k] -= above[k] * m[k + 1];
  const first = rise(0) - (gap(0) * m[1]) / 6;
  const last = rise(n - 2) + (gap(n - 2) * m[n - 2]) / 6;
  let k = 0;
  return (x) => {
    if (x <= points[0][0]) return points[0][1] + first * (x - points[0][0]);
    if (x >= points[n - 1][0]) return points[n - 1][1] + last * (x - points[n - 1][0]);
    while (points[k][0] > x) k -= 1;
    while (points[k + 1][0] < x) k += 1;
    const h = gap(k);
    const [a, b] = [(points[k + 1][0] - x) / h, (x - points[k][0]) / h];
    return a * points[k][1] + b * points[k + 1][1] + ((a * a * a - a) * m[k] + (b * b * b - b) * m[k + 1]) * (h * h) / 6;
  };
}

// Knots of a stroke. knots: those before it; stroke: heights by column, undefined where it was not, of `columns` + 1 columns over
// the paper; the stroke's stretch gets new knots, one after another where the curve is farthest from the hand.
export function redrawn(paper, knots, stroke) {
  const columns = stroke.length - 1;
  const width = paper.steps / columns;
  const before = spline(knots);
  let [first, last] = [stroke.findIndex((h) => h !== undefined), stroke.findLastIndex((h) => h !== undefined)];
  const rows = Float64Array.from({ length: columns + 1 }, (_, c) => stroke[c] ?? before(c * width));
  const hand = smoothed(rows, first, last);
  let kept = knots.filter(([x]) => x < first * width - paper.apart || x > last * width + paper.apart);
  if (kept.length > paper.most - 8) [kept, first, last] = [[], 0, columns];
  const near = (c) => kept.some(([x]) => Math.abs(x - Math.round(c * width)) < paper.apart);
  const at = (c) => [Math.round(c * width), Math.min(Math.max(Math.round(hand[c]), 0), paper.steps)];
  const sorted = (list) => list.sort((p, q) => p[0] - q[0]);
  for (const c of [0, columns, first, last]) if (!near(c)) kept = sorted([...kept, at(c)]);
  const off = 0.006 * paper.steps;
  // beside the stroke too, where a steep end would make the curve swing
  const [from, to] = [Math.max(first - MARGIN, 0), Math.min(last + MARGIN, columns)];
  while (kept.length < paper.most) {
    const curve = spline(kept);
    let [worst, place] = [off, -1];
    for (let c = from; c <= to; c++) {
      const away = Math.abs(curve(c * width) - hand[c]);
      if (away > worst && !near(c)) [worst, place] = [away, c];
    }
    if (place < 0) break;
    kept = sorted([...kept, at(place)]);
  }
  return kept;
}

// A hand trembles: the mean over three columns to either side, within the stroke.
function smoothed(rows, first, last) {
  const out = rows.slice();
  for (let c = first; c <= last; c++) {
    const reach = Math.min(3, c - first, last - c);
    let sum = 0;
    for (let k = -reach; k <= reach; k++) sum += rows[c + k];
    out[c] = sum / (2 * reach + 1);
  }
  return out;
}

// Where knot k may go: between its neighbours, and the ends only up and down.
export function within(paper, knots, k, [x, row]) {
  const left = k === 0 ? 0 : k === knots.length - 1 ? paper.steps : knots[k - 1][0] + paper.apart;
  const right = k === 0 ? 0 : k === knots.length - 1 ? paper.steps : knots[k + 1][0] - paper.apart;
  return [Math.min(Math.max(Math.round(x), left), right), Math.min(Math.max(Math.round(row), 0), paper.steps)];
}

// The knots with one more at column x, on the curve; null where there is no room.
export function added(paper, knots, x) {
  const column = Math.round(x);
  if (knots.length >= paper.most || knots.some(([other]) => Math.abs(other - column) < paper.apart)) return null;
  const row = Math.min(Math.max(Math.round(spline(knots)(column)), 0), paper.steps);
  return [...knots, [column, row]].sort((p, q) => p[0] - q[0]);
}
