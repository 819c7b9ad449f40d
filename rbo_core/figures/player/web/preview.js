// The pictures of a radius that is dragged: one for each run of the batch, made when it is first passed and kept for as long as
// the page's scene stays.

import { imagine, nearest } from "./imagine.js";

export class Preview {
  constructor() {
    this.made = new Map();
  }

  // {shown, run} as `imagine` gives them, the same object wherever the picture is the same.
  at(base, batch, radius) {
    const run = batch && base.racers[0]?.ball ? nearest(batch, radius) : null;
    if (!run) return imagine(base, null, radius);
    if (base !== this.base) {
      this.base = base;
      this.made.clear();
    }
    if (!this.made.has(run)) this.made.set(run, imagine(base, batch, run.radius));
    return this.made.get(run);
  }
}
