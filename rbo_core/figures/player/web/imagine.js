// What the picture would be at another radius, without the server: the nearest run of a batch that came with the scene, and
// the curve ironed here. Every number shown is that of an exact run; only between its recorded steps is it interpolated.

import { arcAngle, leaps } from "./data.js";

export const nearest = (batch, radius) => batch.runs.reduce((best, run) => (apart(run, radius) < apart(best, radius) ? run : best));
const apart = (run, radius) => Math.abs(Math.log(run.radius / radius));

// h − ρ of a curve, h its dilation by a ball: heights (n,) on an even grid x; nothing is there beyond the grid.
export function iron(x, heights, radius) {
  const n = x.length;
  const spacing = (x[n - 1] - x[0]) / (n - 1);
  const reach = Math.min(Math.floor(radius / spacing + 1e-9), n - 1);
  const cap = Float64Array.from({ length: reach + 1 }, (_, k) => Math.sqrt(Math.max(radius * radius - (k * spacing) ** 2, 0)) - radius);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let best = heights[i];
    for (let j = Math.max(i - reach, 0); j <= Math.min(i + reach, n - 1); j++) {
      const h = heights[j] + cap[Math.abs(j - i)];
      if (h > best) best = h;
    }
    out[i] = best;
  }
  return out;
}

// Height of the centre of a ball that is set down over x: (n,) heights on an even grid.
export function setDown(ground, x, radius) {
  const spacing = (ground.x[ground.x.length - 1] - ground.x[0]) / (ground.x.length - 1);
  const first = Math.max(Math.ceil((x - radius - ground.x[0]) / spacing), 0);
  const last = Math.min(Math.floor((x + radius - ground.x[0]) / spacing), ground.x.length - 1);
  let best = [-Infinity, x, NaN];
  for (let j = first; j <= last; j++) {
    const h = ground.heights[j] + Math.sqrt(Math.max(radius * radius - (ground.x[j] - x) ** 2, 0));
    if (h > best[0]) best = [h, ground.x[j], ground.heights[j]];
  }
  return { center: [x, best[0]], contact: [best[1], best[2]] };
}

// The scene's step numbers, carried on evenly to `last` where a run goes on longer than the film does.
function reaching(steps, last) {
  const out = Array.from(leaps(steps) ? steps.slice(0, -1) : steps);
  const stride = out.length > 1 ? Math.max(out[1] - out[0], 1) : 1;
  while (out[out.length - 1] < last) out.push(Math.min(out[out.length - 1] + stride, last));
  const final = steps[steps.length - 1];
  if (final > out[out.length - 1]) out.push(final);
  return Float64Array.from(out);
}

// values (m, width) known at the steps `at`, wanted at `steps` (all within `at`).
function between(values, width, at, steps) {
  const out = new Float64Array(steps.length * width);
  let k = 0;
  steps.forEach((step, i) => {
    while (k < at.length - 2 && at[k + 1] <= step) k++;
    const t = at.length > 1 ? Math.min(Math.max((step - at[k]) / (at[k + 1] - at[k]), 0), 1) : 0;
    for (let j = 0; j < width; j++) {
      const a = values[k * width + j];
      out[i * width + j] = t === 0 ? a : a + t * (values[(k + 1) * width + j] - a);
    }
  });
  return out;
}

function racerOf(racer, run, steps, minimum) {
  const { width } = racer;
  const own = steps.filter((step) => step <= run.steps[run.steps.length - 1]);
  const of = (values, w = 1) => between(values, w, run.steps, own);
  const position = of(run.contact, width);
  const center = of(run.center, width);
  // milliseconds: this ball takes as long a step as the one it stands for
  const pace = racer.lossXIs === "milliseconds" ? racer.lossX[racer.stopped ?? racer.n - 1] / Math.max(racer.stopped ?? racer.n - 1, 1) : 1;
  const known = { loss: of(run.loss), gradients: of(run.gradients) };
  if (minimum) {
    known["to the minimum"] = own.map((_, i) => Math.hypot(...Array.from({ length: width - 1 }, (__, j) => position[i * width + j] - minimum[j])));
  }
  return {
    ...racer, position, center, n: own.length, radius: run.radius, contacts: new Map(),
    label: racer.label.includes("ρ = ") ? `Ball ρ = ${+run.radius.toPrecision(3)}` : racer.label,
    rotation: arcAngle(center, width, run.radius),
    status: run.status, stopped: own.findIndex((step) => step >= run.stopped),
    loss: racer.lossIs === "loss" ? known.loss : own.map(() => NaN),
    lossX: own.map((step, i) => (racer.lossXIs === "gradients" ? known.gradients[i] : step * pace)),
    readouts: racer.readouts.map((o) => ({ ...o, values: known[o.label] ?? own.map(() => NaN) })),
  };
}

export function imagine(scene, batch, radius) {
  const run = batch && scene.racers[0]?.ball ? nearest(batch, radius) : null;
  const flat = scene.dim === 1;
  const ground = flat ? { ...scene.ground, ironed: iron(scene.ground.x, scene.ground.heights, run?.radius ?? radius) } : scene.ground;
  if (!run) return { shown: { ...scene, ground }, run };
  const steps = reaching(scene.steps, run.steps[run.steps.length - 1]);
  const racers = [racerOf(scene.racers[0], run, steps, scene.minimum), ...scene.racers.slice(1)];
  return { shown: { ...scene, ground, racers, steps, frames: steps.length }, run };
}
