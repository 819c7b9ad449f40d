// Numbers as people type them. A number field drops without a word what its browser does not take for a number: of 0,3 it keeps
// 3, of ½ nothing, and of 1e3 a field of whole numbers keeps 1. Here a field is a line of text while one types. When one is done
// (Enter, or leaving it) the text is read: it becomes the number that was meant, or is refused with words.

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const SPACES = "[ \\u00a0\\u2009\\u202f'’]";
const EXAMPLES = { true: "write 40, for instance", false: "write 0.4 or 1e-3, for instance" };

// The digit of any script: those of one follow one another, 0 to 9.
function digit(char) {
  let zero = char.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (char.codePointAt(0) - zero) % 10;
}

// Signs, digits and fractions of other scripts as ASCII has them; 1½ is "1 1/2".
function ascii(text) {
  return text
    .trim()
    .replace(/[−‒–]/g, "-")
    .replace(/٫/g, ".")
    .replace(/[٬٬]/g, "'")
    .replace(/\p{No}/gu, (char) => (char.normalize("NFKD").includes("⁄") ? ` ${char.normalize("NFKD").replace("⁄", "/")}` : char))
    .replace(/\p{Nd}/gu, (char) => digit(char))
    .trim();
}

// Groups of three digits and a decimal comma, put as 1234.5; two ways to read it are an error.
function separated(text, whole) {
  const plain = text.replace(new RegExp(`(?<=\\d)${SPACES}(?=\\d{3}(\\D|$))`, "g"), "");
  const sign = /^[-+]/.exec(plain)?.[0] ?? "";
  const rest = plain.slice(sign.length);
  if (/^[1-9]\d{0,2},\d{3}$/.test(rest) || (whole && /^[1-9]\d{0,2}\.\d{3}$/.test(rest))) {
    const [one, other] = [Number(rest.replace(",", ".")), rest.replace(/[,.]/, "")];
    throw new Error(`may be ${sign}${one} or ${sign}${other}: write one of these`);
  }
  if (/^\d{1,3}(\.\d{3})+,\d*$/.test(rest) || /^\d{1,3}(\.\d{3}){2,}$/.test(rest)) return sign + rest.replaceAll(".", "").replace(",", ".");
  if (/^\d{1,3}(,\d{3})+\.\d*$/.test(rest) || /^\d{1,3}(,\d{3}){2,}$/.test(rest)) return sign + rest.replaceAll(",", "");
  return /^[^,.]*,[^,.]*$/.test(rest) ? sign + rest.replace(",", ".") : plain;
}

// The number in a text as a field takes it; an Error says what is wrong with it. whole: whole numbers only.
export function read(text, whole) {
  const known = ascii(text);
  if (!known) throw new Error(`is empty: ${EXAMPLES[whole]}`);
  const parts = /^([-+]?)(?:(\d+)\s+)?(\d+)\s*\/\s*(\d+)$/.exec(known);
  let value = NaN;
  if (parts) {
    const [, sign, units, above, below] = parts;
    value = (sign === "-" ? -1 : 1) * (Number(units ?? 0) + Number(above) / Number(below));
  } else {
    const one = separated(known, whole);
    if (NUMBER.test(one)) value = Number(one);
  }
  if (!Number.isFinite(value)) throw new Error(`is no number that can be used: ${EXAMPLES[whole]}`);
  if (!whole) return String(value);
  if (!Number.isSafeInteger(value)) throw new Error(`is no whole number: ${EXAMPLES[whole]}`);
  return String(value);
}

const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

class Typing {
  constructor(root) {
    this.root = root;
    this.note = Object.assign(document.createElement("div"), { className: "lab-typed" });
    this.note.setAttribute("role", "alert");
    root.append(this.note);
  }

  // A field becomes a line of text: nothing typed is lost before it is read.
  begin(field) {
    if (field.dataset.typed !== undefined || field.type !== "number" || field.dataset.testid !== "stNumberInputField") return;
    field.dataset.typed = field.value;
    field.dataset.whole = field.placeholder.startsWith("whole") ? "1" : "";
    field.type = "text";
    field.inputMode = field.dataset.whole ? "numeric" : "decimal";
    field.select();
  }

  heard(e) {
    if (!e.isTrusted || e.target.dataset?.typed === undefined) return;
    this.note.textContent = "";
    e.target.dataset.dirty = "1"; // Streamlit makes a number of it when one is done, and by then it has been read
  }

  // Read what stands in the field; what cannot be read gives way to what was there before, and the words say so.
  take(field) {
    delete field.dataset.dirty;
    let value = field.dataset.typed;
    try {
      value = read(field.value, Boolean(field.dataset.whole));
    } catch (problem) {
      const said = field.value.trim() ? `“${field.value.trim().slice(0, 24)}” ${problem.message}` : `The box ${problem.message}`;
      this.say(field, `${said}. The box keeps ${value}.`);
    }
    field.dataset.typed = value;
    set.call(field, "");
    field._valueTracker?.setValue("\u0000"); // so that React hears of a text that it knows already
    set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  say(field, words) {
    const at = field.getBoundingClientRect();
    this.note.textContent = words;
    Object.assign(this.note.style, { left: `${Math.max(8, Math.min(at.left, innerWidth - 288))}px`, top: `${at.bottom + 6}px` });
  }

  // Enter and the arrows are for Streamlit, once it knows the number.
  key(e) {
    const field = e.target;
    if (!e.isTrusted || field.dataset?.dirty === undefined || !["Enter", "ArrowUp", "ArrowDown"].includes(e.key)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    this.take(field);
    setTimeout(() => field.dispatchEvent(new KeyboardEvent("keydown", { key: e.key, bubbles: true, cancelable: true })));
  }

  end(e) {
    const field = e.target;
    if (!e.isTrusted || field.dataset?.typed === undefined) return;
    if (field.dataset.dirty !== undefined) {
      e.stopImmediatePropagation();
      this.take(field);
      setTimeout(() => field.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
    }
    delete field.dataset.typed;
    field.type = "number";
  }
}

// Read the number fields of the page until the signal says stop. root: where the words appear.
export function watch(root, signal) {
  const typing = new Typing(root);
  const listen = (type, hear) => document.addEventListener(type, hear, { signal, capture: true });
  listen("focusin", (e) => typing.begin(e.target));
  listen("pointerdown", () => (typing.note.textContent = ""));
  listen("input", (e) => typing.heard(e));
  listen("keydown", (e) => typing.key(e));
  listen("focusout", (e) => typing.end(e));
}
