// Round every page: one history entry a change, tools (undo, redo, reset, link with a QR code, keys), a skip link, numbers as
// people type them (typed.js), and the parts of an address that concern the view alone (hide=, projector=).

import { address, past } from "./past.js";

const KEYS = [
  ["Tab", "from the picture to the bar, the radius, the page, and the controls beside it"],
  ["Space", "play and pause, with the picture in focus"],
  ["← →", "a frame back or on; with Shift ten"],
  ["Home, End", "first and last frame"],
  ["+ −", "zoom"],
  ["W A S D", "turn the 3-D scene, with the picture in focus"],
  ["← → on the radius", "a smaller or larger ball; Page Up and Down by a quarter decade"],
  ["← → ↑ ↓ on a map", "another cell, or another place on a network's plane; Home and End to the edges, Enter chooses"],
  ["← → on a drawn curve", "another dot; ↑ ↓ moves it, with Shift ← → too; Insert and Delete"],
  ["Ctrl Z, Ctrl Y", "undo and redo a change of settings"],
  ["?", "this list"],
];
const VIEW = ["hide", "projector", "autoplay", "at", "embed_options"];

function view() {
  const query = new URLSearchParams(location.search);
  const root = document.documentElement;
  root.toggleAttribute("data-projector", query.get("projector") === "1");
  if (query.get("projector") === "1") lightGround();
  root.dataset.hide = (query.get("hide") ?? "").split(/[,\s]+/).join(" ");
}

// A projector has a light ground, whatever this machine prefers: Streamlit takes the theme from an address when it begins.
function lightGround() {
  const page = getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body).backgroundColor.match(/[\d.]+/g);
  const url = new URL(location.href);
  if (!page || page[0] > 128 || url.searchParams.has("embed_options")) return;
  url.searchParams.set("embed_options", "light_theme");
  location.replace(url);
}

// What a page is about: where the skip link leads.
function picture() {
  const found = [".rbp-stage", ".lab-plots [role=application]", ".lab-plots", "[data-testid=stMainBlockContainer]"].map((s) => document.querySelector(s)).find(Boolean);
  const named = document.getElementById("picture");
  if (found && named !== found) {
    named?.removeAttribute("id");
    found.id = "picture";
  }
  return found;
}

// A message in a folded group would not be seen; what scrolls is reached by keyboard; a place for files is no decoration.
function tidy() {
  picture();
  for (const wide of document.querySelectorAll(".katex-display:not([tabindex]), [data-testid=stCode] pre:not([tabindex])")) wide.tabIndex = 0;
  for (const drop of document.querySelectorAll("[data-testid=stFileUploaderDropzone][role=presentation]")) drop.setAttribute("role", "group");
  for (const alert of document.querySelectorAll("details:not([open]) [data-testid=stAlertContentError]")) {
    alert.closest("details").querySelector("summary").click();
  }
}

const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "range";

class Chrome {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "lab-chrome";
    const tools = document.createElement("div");
    tools.className = "lab-tools";
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "This page");
    const button = (text, name, action, wide = false) => {
      const b = Object.assign(document.createElement("button"), { type: "button", textContent: text, title: name });
      b.setAttribute("aria-label", name);
      if (wide) b.className = "lab-wide";
      b.addEventListener("click", action);
      tools.append(b);
      return b;
    };
    this.undo = button("↶", "Undo", () => past.go(-1));
    this.redo = button("↷", "Redo", () => past.go(1));
    button("Reset", "All settings of this page to their defaults", () => this.reset(), true);
    button("Link", "Copy link, with a QR code", () => this.share());
    button("?", "Keys", () => this.keys(), true);
    this.panel = document.createElement("dialog");
    this.panel.className = "lab-panel";
    this.panel.addEventListener("click", (e) => e.target === this.panel && this.panel.close());
    this.root.append(tools, this.panel);
    parent.append(this.root);
    this.skip = Object.assign(document.createElement("a"), { className: "lab-skip", href: "#picture", textContent: "Skip to the picture" });
    this.skip.addEventListener("click", (e) => {
      e.preventDefault();
      const stage = picture();
      if (!stage) return;
      if (stage.tabIndex < 0) stage.tabIndex = -1;
      stage.focus();
    });
    this.way = document.createElement("nav");
    this.way.setAttribute("aria-label", "Skip");
    this.way.append(this.skip);
    document.body.prepend(this.way);
    this.full = Object.assign(document.createElement("button"), { type: "button", className: "lab-full", textContent: "Full screen" });
    this.full.addEventListener("click", () => document.documentElement.requestFullscreen?.());
    this.root.append(this.full);
    this.watching = new MutationObserver(tidy);
    this.watching.observe(document.body, { childList: true, subtree: true });
    // The page keeps away from the sidebar, which lies over it and may be drawn wider.
    this.sidebar = new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--lab-sidebar", `${target.offsetWidth}px`));
    const sidebar = document.querySelector("[data-testid=stSidebar]");
    if (sidebar) this.sidebar.observe(sidebar);
    this.listening = new AbortController();
    const { signal } = this.listening;
    document.addEventListener("keydown", (e) => this.key(e), { signal });
    // The page hears of a bare R and C, Streamlit, which listens on the document, does not: it would run the page anew or
    // offer to empty its caches.
    document.body.addEventListener("keydown", (e) => /^[cr]$/i.test(e.key) && !(e.ctrlKey || e.metaKey || e.altKey) && e.stopPropagation(), { signal });
    document.addEventListener("click", (e) => {
      if (e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey) past.leave(e.target.closest?.("[data-testid=stPageLink] a"));
    }, { signal, capture: true });
    document.addEventListener("click", across, { signal });
    // not before the page is there: no number can be typed earlier
    import("./typed.js").then(({ watch }) => watch(this.root, signal));
    for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, inside, { signal });
    past.heard = () => this.heard();
  }

  update(component) {
    this.send = component.setTriggerValue;
    this.data = component.data;
    past.version = this.data.version;
    if (!new URLSearchParams(location.search).has("v")) past.replace(address(this.data.version));
    view();
    // Streamlit tells its app the theme, and not what opens over it
    document.documentElement.style.colorScheme = getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme;
    this.heard();
    if (this.asked && this.data.href === this.asked && this.place?.isConnected) {
      this.place.innerHTML = this.data.code || "<p>This address is too long for a QR code.</p>";
      this.asked = null;
    }
  }

  heard() {
    this.undo.disabled = !past.undos;
    this.redo.disabled = !past.redos;
  }

  key(e) {
    if (typing(e.target) || e.altKey) return;
    if (e.ctrlKey || e.metaKey) {
      const by = { z: e.shiftKey ? 1 : -1, y: 1 }[e.key.toLowerCase()];
      if (!by) return;
      e.preventDefault();
      past.go(by);
    } else if (e.key === "?") this.keys();
  }

  // The page as its bare address opens it; what concerns the view stays.
  reset() {
    const kept = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => VIEW.includes(name)));
    kept.set("v", this.data.version);
    past.commit();
    const sorted = (query) => [...query].map(String).sort().join();
    if (sorted(kept) !== sorted(new URLSearchParams(location.search))) past.enter(`${location.pathname}?${kept}`); // else no change
    window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  }

  open(title) {
    this.panel.replaceChildren(Object.assign(document.createElement("h2"), { textContent: title }));
    const add = (tag, text = "") => this.panel.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    if (!this.panel.open) this.panel.showModal();
    return add;
  }

  keys() {
    const add = this.open("Keys");
    const list = add("dl");
    for (const [key, does] of KEYS) {
      list.append(Object.assign(document.createElement("dt"), { textContent: key }), Object.assign(document.createElement("dd"), { textContent: does }));
    }
    add("button", "Close").addEventListener("click", () => this.panel.close());
  }

  share() {
    const add = this.open("A link to what you see");
    const text = add("textarea");
    Object.assign(text, { readOnly: true, rows: 3 });
    text.setAttribute("aria-label", "Address");
    const options = { projector: ["for a projector: large, without controls", { projector: "1" }], controls: ["without the controls", { hide: "controls" }], still: ["does not start by itself", { autoplay: "0" }] };
    const boxes = Object.entries(options).map(([name, [words, query]]) => {
      const label = add("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name });
      label.append(box, words);
      return [box, query];
    });
    const fill = () => (text.value = address(this.data.version, Object.assign({}, ...boxes.filter(([b]) => b.checked).map(([, q]) => q))));
    for (const [box] of boxes) box.addEventListener("change", fill);
    fill();
    const copy = add("button", "Copy link");
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.value);
        copy.textContent = "Copied";
      } catch {
        text.select(); // no permission: the visitor copies it
        copy.textContent = "Press Ctrl C";
      }
    });
    add("button", "QR code").addEventListener("click", () => {
      this.asked = text.value;
      this.send("code", { href: text.value });
    });
    add("button", "Close").addEventListener("click", () => this.panel.close());
    this.place = add("div");
    this.place.className = "lab-code";
    text.focus();
  }

  dispose() {
    this.listening.abort();
    this.watching.disconnect();
    this.sidebar.disconnect();
    this.way.remove();
    this.root.remove();
    past.heard = () => {};
  }
}

// Who opens the sidebar goes on in it, and who closes it at the button that opens it: they are not neighbours on Tab's way.
function across({ target }) {
  const sides = ["[data-testid=stExpandSidebarButton]", "[data-testid=stSidebarCollapseButton] button"];
  const from = sides.findIndex((side) => target.closest?.(side));
  if (from >= 0) requestAnimationFrame(() => document.querySelector(sides[1 - from])?.focus());
}

// What a word means is told beside it, and not beyond the window's edge: style.css moves it by --lab-tip.
function inside({ target }) {
  const word = target.closest?.(".lab-term");
  if (!word) return;
  const width = Math.min(19 * parseFloat(getComputedStyle(document.documentElement).fontSize), 0.7 * innerWidth);
  const over = innerWidth < 641 ? 0 : word.getBoundingClientRect().left + width + 16 - innerWidth;
  word.style.setProperty("--lab-tip", `${-Math.max(over, 0)}px`);
}

const known = new WeakMap();

export function mount(component) {
  const parent = component.parentElement;
  let chrome = known.get(parent);
  if (!chrome) known.set(parent, (chrome = new Chrome(parent)));
  chrome.update(component);
  return () => {
    if (known.get(parent) !== chrome) return;
    known.delete(parent);
    chrome.dispose();
  };
}
