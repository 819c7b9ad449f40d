// Decodes the message of payload.py and answers "where is racer r at frame f", f being fractional while the clock runs.

const HOLE = 65535; // of 16 bits, where nothing is

function reader(bytes) {
  const buffer = bytes.slice().buffer; // a copy starts at offset 0, so the floats are aligned
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const floats = new Float32Array(buffer, 4 + length);
  const array = (ref) => {
    if (!ref) return null;
    if (ref.q) {
      const [offset, n, low, step] = ref.q;
      return Float64Array.from(new Uint16Array(buffer, 4 + length + 4 * offset, n), (v) => (v === HOLE ? NaN : low + v * step));
    }
    if (ref.a) return floats.subarray(ref.a[0], ref.a[0] + ref.a[1]);
    const [first, increment, n] = ref.l;
    return Float64Array.from({ length: n }, (_, i) => first + i * increment);
  };
  return { header, array };
}

// A racer that went to infinity stays drawn where it was last seen.
function hold(values, width) {
  if (!values) return null;
  const out = Float64Array.from(values);
  for (let i = width; i < out.length; i++) {
    const row = i - (i % width);
    if (!Number.isFinite(out[i])) for (let j = 0; j < width; j++) out[row + j] = out[row - width + j];
  }
  return out;
}

// Does the film leave out the steps before its last frame, in which nobody moves?
export function leaps(steps) {
  const n = steps.length;
  return n > 3 && steps[n - 1] - steps[n - 2] > 1.5 * (steps[1] - steps[0]);
}

export function arcAngle(center, width, radius) {
  const n = center.length / width;
  const angle = new Float64Array(n);
  for (let i = 1; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (center[i * width + j] - center[(i - 1) * width + j]) ** 2;
    const step = Math.sqrt(sum) / radius;
    angle[i] = angle[i - 1] + (width === 2 && center[i * width] < center[(i - 1) * width] ? -step : step);
  }
  return angle;
}

export function decode(bytes) {
  const { header, array } = reader(bytes);
  const scene = unpack(header, array);
  scene.panels = header.panels.map((panel) => unpack(panel, array));
  return scene;
}

// The message of strip.py: one ball's runs at many radii.
export function decodeStrip(bytes) {
  const { header, array } = reader(bytes);
  const runs = header.runs.map((run) => ({
    ...run, outcome: run.outcome ?? NaN,
    ...Object.fromEntries(["steps", "center", "contact", "loss", "gradients"].map((name) => [name, array(run[name])])),
  }));
  return { ...header, runs, crests: array(header.crests) ?? [] };
}

function unpack(header, array) {
  const width = header.dim + 1;
  const ground = header.ground;
  for (const name of ["x", "y", "heights", "ironed", "reachable"]) ground[name] = array(ground[name]);
  const steps = array(header.steps);
  const racers = header.racers.map((r, index) => {
    const position = hold(array(r.position), width);
    const center = hold(array(r.center), width);
    const n = position.length / width;
    const contacts = new Map();
    if (r.contacts) {
      const frame = array(r.contacts.frame);
      const point = array(r.contacts.point);
      frame.forEach((f, i) => {
        if (!contacts.has(f)) contacts.set(f, []);
        contacts.get(f).push(Array.from(point.subarray(i * width, (i + 1) * width)));
      });
    }
    const loss = array(r.loss) || Float64Array.from({ length: n }, (_, i) => position[i * width + width - 1]);
    return {
      ...r, index, n, width, position, center, contacts, loss, radii: array(r.radii),
      lossX: array(r.lossX) || steps.subarray(0, n),
      rotation: array(r.rotation) || (center && r.radius ? arcAngle(center, width, r.radius) : null),
      readouts: r.readouts.map((o) => ({ ...o, values: array(o.values) })),
      ball: r.shape === "ball",
    };
  });
  return { ...header, ground, steps, racers, width, frames: steps.length };
}

// Linear interpolation of row `frame` of a (n, width) array.
export function row(values, width, frame) {
  const last = values.length / width - 1;
  const f = Math.min(Math.max(frame, 0), last);
  const i = Math.min(Math.floor(f), Math.max(last - 1, 0));
  const t = last > 0 ? f - i : 0;
  const out = new Array(width);
  for (let j = 0; j < width; j++) {
    const a = values[i * width + j];
    out[j] = t === 0 ? a : a + t * (values[(i + 1) * width + j] - a);
  }
  return out;
}

export const scalar = (values, frame) => row(values, 1, frame)[0];

// The radius of a ball at a frame: one that breathes has its own at each.
export const radiusAt = (racer, frame) => (racer.radii ? scalar(racer.radii, frame) : racer.radius);

// Display point of a racer's contact (heights scaled) and of its ball's centre. The ball stays round and tangent at any
// height scale s: a normal (n, m) of the true graph becomes (n, m/s) on the drawn one.
export function place(racer, frame, scale) {
  const w = racer.width;
  const contact = row(racer.position, w, frame);
  contact[w - 1] *= scale;
  if (!racer.center || !racer.radius) return { contact, center: null };
  const center = row(racer.center, w, frame);
  if (scale === 1) return { contact, center };
  const p = row(racer.position, w, frame);
  const normal = center.map((c, j) => (c - p[j]) / (j === w - 1 ? scale : 1));
  const length = Math.hypot(...normal) || 1;
  return { contact, center: contact.map((c, j) => c + (radiusAt(racer, frame) * normal[j]) / length) };
}
