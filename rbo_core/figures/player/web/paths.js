// A racer's shapes on the graphics card: the ribbon along its way, where its ball touched, how the ball is turned.

import { place } from "./data.js";
import { dots, ribbon } from "./meshes.js";
import { orientations } from "./turn.js";

const RIBBON = [["aPosition", 3], ["aBefore", 3], ["aAfter", 3], ["aSide", 2]];
const DOTS = [["aPosition", 3], ["aFrame", 1]];
const LIFT = 0.0022; // of the ground's width: a point's way lies so far over the ground

export function pathOf({ field, shapes, scale, line, dot }, r) {
  const [a, b, c, d] = field.box;
  const lift = LIFT * Math.max(b - a, d - c);
  const points = Array.from({ length: r.n }, (_, i) => place(r, i, scale));
  const way = points.map(({ contact: [x, y, z], center }) => center || [x, y, z + lift]);
  const tied = [...r.contacts].flatMap(([i, all]) => all.map(([x, y, z]) => [x, y, z * scale, i]));
  const touch = points[0].center ? dots([...points.map((p, i) => [...p.contact, i]), ...tied], field.box) : null;
  return {
    ribbon: shapes.add(line, RIBBON, ribbon(way)),
    dots: touch?.length ? shapes.add(dot, DOTS, touch) : null,
    turn: r.ball && r.center ? orientations(r, scale) : null,
  };
}
