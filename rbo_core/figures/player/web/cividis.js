// The cividis colour map (Nuñez, Anderton and Renslow 2018), sampled at 17 points; quiet and safe for colour-blind eyes.

import { mix } from "./theme.js";

const STOPS = [
  [0, 34, 78], [0, 46, 108], [18, 53, 112], [42, 63, 109], [59, 73, 108], [74, 82, 109], [87, 93, 109], [101, 103, 112],
  [114, 113, 119], [127, 124, 117], [141, 134, 120], [156, 146, 119], [170, 157, 116], [186, 169, 110], [202, 181, 102],
  [219, 194, 91], [254, 232, 56],
];

// 256 RGB bytes, mixed with the page's background so that the racers stand out.
export function colours(theme) {
  const out = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (STOPS.length - 1);
    const k = Math.min(Math.floor(at), STOPS.length - 2);
    const base = mix(STOPS[k], STOPS[k + 1], at - k);
    const quiet = theme.dark ? mix(base, [30, 36, 48], 0.22) : mix(base, [255, 255, 255], 0.46);
    out.set([...quiet, 255].map(Math.round), 4 * i);
  }
  return out;
}
