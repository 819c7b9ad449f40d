// Numbers for people: where an axis has its ticks, and how values are written.

export function ticks(low, high, count) {
  const raw = (high - low) / Math.max(count, 1);
  if (!(raw > 0) || !Number.isFinite(raw)) return [];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && out.length < 50; i++) out.push(i * step);
  return out.map((v) => (Math.abs(v) < step * 1e-9 ? 0 : v));
}

export function decades(low, high, count) {
  const a = Math.ceil(Math.log10(low) - 1e-9);
  const b = Math.floor(Math.log10(high) + 1e-9);
  if (b - a < 1) return ticks(low, high, count).filter((v) => v > 0);
  const stride = Math.max(1, Math.ceil((b - a + 1) / Math.max(count, 1)));
  return Array.from({ length: b - a + 1 }, (_, i) => 10 ** (a + i)).filter((_, i) => i % stride === 0);
}

const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export function tickText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    const power = Math.floor(Math.log10(size) + 1e-9);
    const lead = +(value / 10 ** power).toPrecision(3);
    const raised = `10${String(power).split("").map((c) => SUPER[c]).join("")}`;
    return (lead === 1 ? raised : lead === -1 ? `−${raised}` : `${lead}·${raised}`).replace("-", "−");
  }
  return String(+value.toPrecision(6)).replace("-", "−");
}

export function number(value, format = "number") {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  if (format === "integer") return Math.round(value).toLocaleString("en");
  if (format === "percent") {
    const p = value * 100;
    return `${(Math.abs(p) < 0.05 ? 0 : p).toFixed(1).replace("-", "−")} %`;
  }
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return tickText(+value.toPrecision(3));
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3).replace("-", "−");
}
