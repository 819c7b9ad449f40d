// Inflates Plotly and the figures out of the page itself, and draws them in the reader's theme.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%:()*+-;,=>?@^_`{|}~";
const VALUE = new Uint8Array(128);
[...DIGITS].forEach((digit, value) => { VALUE[digit.charCodeAt(0)] = value; });

// Five digits are four bytes; a short last group was filled up with the highest digit.
const bytesOf = (text) => {
  const filled = (5 - (text.length % 5)) % 5;
  const padded = text + "~".repeat(filled);
  const bytes = new Uint8Array((padded.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0, at = 0; i < padded.length; at += 4) {
    let value = 0;
    for (let k = 0; k < 5; k += 1, i += 1) value = value * 85 + VALUE[padded.charCodeAt(i)];
    view.setUint32(at, value);
  }
  return bytes.subarray(0, bytes.length - filled);
};

const inflated = (name) => {
  const packed = new Blob([bytesOf(document.getElementById(name).textContent)]);
  return new Response(packed.stream().pipeThrough(new DecompressionStream("deflate"))).text();
};

const script = document.createElement("script");
const [plotly, figures] = await Promise.all([inflated("plotly"), inflated("figures").then(JSON.parse)]);
script.textContent = plotly;
document.head.append(script);

// Arrays stand apart, each once: as Plotly takes them, or (arrays.py) in 16 bits of their range or of its logarithm.
const HOLE = 65535;
const rowsOf = (values, shape) => {
  const [rows, columns] = String(shape).split(",").map(Number);
  if (!columns) return values;
  return Array.from({ length: rows }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
};
const arrays = figures.arrays.map((told) => {
  if (!("bits" in told)) return told;
  const bytes = Uint8Array.from(atob(told.bits), (c) => c.charCodeAt(0));
  const value = (v) => told.low + v * told.step;
  const number = (v) => (v === HOLE ? NaN : told.log ? Math.exp(value(v)) : value(v));
  return rowsOf(Float32Array.from(new Uint16Array(bytes.buffer), number), told.shape);
});
const filled = (told) => {
  if (told === null || typeof told !== "object") return told;
  if (Array.isArray(told)) return told.map(filled);
  if ("@" in told) return arrays[told["@"]];
  return Object.fromEntries(Object.entries(told).map(([name, inner]) => [name, filled(inner)]));
};

const theme = matchMedia("(prefers-color-scheme: dark)");
const places = [...document.querySelectorAll(".figure")];
// The dark theme says only where it differs: a list holds the new value, an object leads further in.
const changed = (value, change) => {
  if (change === null) return value;
  if (Array.isArray(change)) return change[0];
  const copy = Array.isArray(value) ? [...value] : { ...value };
  for (const [name, inner] of Object.entries(change)) copy[name] = changed(value[name], inner);
  return copy;
};
const draw = async () => {
  for (const [i, place] of places.entries()) {
    const shown = changed(figures.light[i], theme.matches ? figures.dark[i] : null);
    const { data, layout } = structuredClone(filled(shown));
    const { width, ...rest } = layout;
    await Plotly.react(place, data, { ...rest, autosize: true }, { displayModeBar: false, responsive: true });
  }
  document.getElementById("stage").dataset.drawn = theme.matches ? "dark" : "light";
};
theme.addEventListener("change", draw);
await draw();
