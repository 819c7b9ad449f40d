// What of a curve's heights is shown. It follows from the ground and from the balls' radii, not from where a run begins: two
// starts are seen at one scale, and an address shows one picture however one came to it.

import { place, radiusAt } from "./data.js";

const EDGE = 0.06; // of the window's width, on either side: who starts there may ask for more room above

// Lowest and highest drawn height. scene: as data.js decodes it; the walls are never cut off, nor a racer inside the window.
export function heightsShown(scene) {
  const s = scene.heightScale;
  const [a, b] = scene.bounds[0];
  const [low, high] = ends(scene.ground, a, b, s);
  const { needed, radius } = reach(scene, low);
  const inset = EDGE * (b - a);
  const spare = 0.005 * (high - low); // a ball may touch between two samples
  const tops = [[a + inset, b - inset], [a, b]].map((window) => Math.max(high, room(scene.ground, s, radius, ...window) + spare));
  const step = 0.25 * (high - low) || b - a;
  const top = tops.find((one) => one >= needed) ?? tops[1] + step * Math.ceil((needed - tops[1]) / step);
  return { low, high, top };
}

function ends({ x, heights }, a, b, s) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    if (x[i] < a || x[i] > b || !Number.isFinite(heights[i])) continue;
    low = Math.min(low, heights[i] * s);
    high = Math.max(high, heights[i] * s);
  }
  return [low, high];
}

// How high a racer gets within the window, and the largest radius of a ball.
function reach(scene, low) {
  const [a, b] = scene.bounds[0];
  let [needed, radius] = [low, 0];
  for (const r of scene.racers) {
    for (let i = 0; i < r.n; i++) {
      const { contact, center } = place(r, i, scene.heightScale);
      if (center) radius = Math.max(radius, radiusAt(r, i));
      if (r.position[2 * i] < a || r.position[2 * i] > b) continue;
      needed = Math.max(needed, contact[1], center ? center[1] + radiusAt(r, i) : -Infinity);
    }
  }
  return { needed, radius };
}

// Upper end of the highest ball of this radius that stands on the ground with its centre between a and b.
function room({ x, heights }, s, radius, a, b) {
  let top = -Infinity;
  for (let i = 0; i < x.length; i++) {
    const beside = Math.max(a - x[i], x[i] - b, 0);
    if (beside > radius || !Number.isFinite(heights[i])) continue;
    top = Math.max(top, heights[i] * s + Math.sqrt(radius * radius - beside * beside) + radius);
  }
  return top;
}
