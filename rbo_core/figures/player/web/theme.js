// Colours and fonts from Streamlit's theme variables; everything drawn on a canvas takes its ink from here.

export function parse(color) {
  const context = parse.context || (parse.context = document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
  context.fillStyle = "#888";
  context.fillStyle = color;
  const text = context.fillStyle;
  if (text.startsWith("#")) return [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  return text.match(/[\d.]+/g).slice(0, 3).map(Number);
}

export const rgba = (color, alpha) => {
  const [r, g, b] = Array.isArray(color) ? color : parse(color);
  return `rgba(${r | 0},${g | 0},${b | 0},${alpha})`;
};

export const mix = (a, b, t) => {
  const p = Array.isArray(a) ? a : parse(a);
  const q = Array.isArray(b) ? b : parse(b);
  return p.map((v, i) => v + (q[i] - v) * t);
};

export function readTheme(element) {
  const style = getComputedStyle(element);
  const get = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const background = parse(get("background-color", "#ffffff"));
  const dark = 0.3 * background[0] + 0.59 * background[1] + 0.11 * background[2] < 128;
  const text = parse(get("text-color", dark ? "#e8eaf0" : "#1f2430"));
  return {
    dark, background, text,
    primary: get("primary-color", "#d55e00"),
    font: get("font", "sans-serif"),
    ink: rgba(text, 1),
    soft: rgba(mix(background, text, dark ? 0.66 : 0.62), 1), // axis labels
    faint: rgba(text, 0.12), // grid lines
    ridge: rgba(mix(background, text, 0.82), 1),
    groundTop: rgba(mix(background, dark ? [120, 150, 200] : [70, 95, 140], dark ? 0.3 : 0.24), 1),
    groundBottom: rgba(mix(background, dark ? [120, 150, 200] : [70, 95, 140], dark ? 0.1 : 0.06), 1),
    warning: dark ? "#e5697a" : "#b3243f",
    sheet: dark ? "#b9a3ff" : "#6a4bc4",
  };
}
