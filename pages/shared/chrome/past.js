// The address of a page: one history entry a change, and what a link carries.

const SETTLED = 700; // ms in which several changes by the same control are one
const ANSWERED = 20000; // ms for which an answer of the server is waited for
const UNHEARD = 3000; // ms in which the server may still answer what was asked before
const HANDS = ["pointerdown", "keydown", "click", "input", "change", "drop"];
const MODIFIERS = ["Alt", "AltGraph", "Control", "Meta", "Shift"];
const REDOS = "lab-redos";

// Streamlit replaces the address when a control changes, so Back would leave the page. Here a change is an entry: Back undoes it.
// An entry's state counts those of the same visit to a page that lie under it: as many changes can be undone there.
class Past {
  constructor() {
    this.replaceState = history.replaceState.bind(history);
    this.pushState = history.pushState.bind(history);
    this.touched = false; // before it is, what changes in the address is the doing of a page that arrives or comes back
    this.path = location.pathname;
    [this.undos, this.redos] = [history.state?.undos ?? 0, kept(history.state?.undos ?? 0)];
    this.forget();
    this.replace(location.href);
    // Streamlit's browser side replaces, when a hand changed a control; its server pushes, in answer to what was asked
    history.replaceState = (state, title, url) => this.changed(state, title, url, true);
    history.pushState = (state, title, url) => this.changed(state, title, url, false);
    // before Streamlit's own listener, which runs the page again
    window.addEventListener("popstate", (e) => this.restored(e), true);
    for (const kind of HANDS) window.addEventListener(kind, (e) => byHand(e) && this.touch(asking(e)), { capture: true, passive: true });
    window.addEventListener("lab-ask", (e) => this.touch({ id: e.detail })); // a picture asks the page for another one
    this.heard = () => {};
  }

  // What was asked on the page before is not waited for.
  forget() {
    [this.by, this.names, this.mine, this.asks] = [null, [], null, []];
  }

  // ask: what this gesture wants of the server, if anything: who it is, and the setting it is about, where it has one.
  touch(ask) {
    this.touched = true;
    if (!ask) return;
    this.asks = [...this.asks.filter((one) => one.id !== ask.id && Date.now() - one.at < ANSWERED), { ...ask, at: Date.now() }];
    if (!ask.setting) this.mine = null; // may set anything anew
  }

  // Another address in the entry that is there.
  replace(url) {
    this.replaceState({ undos: this.undos }, "", url);
  }

  // A new entry, which a change made: it can be undone.
  enter(url) {
    [this.undos, this.redos] = [this.undos + 1, 0];
    this.pushState({ undos: this.undos }, "", url);
  }

  changed(state, title, url, replaces) {
    const to = new URL(url ?? location.href, location.href);
    if (to.pathname !== this.path) {
      // on its way out a page takes its settings out of the address: they stay in its entry, or Back would lose them
      if (this.left) this.replace(this.left);
      this.arrive(to.pathname);
      this.pushState({ undos: 0 }, title, url);
      this.heard();
      return;
    }
    // Streamlit writes the settings it knows; the version of links is not among them
    const version = new URLSearchParams(location.search).get("v") ?? this.version;
    if (version && !to.searchParams.has("v")) to.searchParams.set("v", version);
    const own = replaces && this.touched && differences(to).length === 1;
    if (own) {
      const [name] = differences(to);
      this.mine = { name, values: to.searchParams.getAll(name), at: Date.now() };
      this.asks = this.asks.filter((ask) => Date.now() - ask.at < UNHEARD);
    } else if (this.mine && Date.now() - this.mine.at < UNHEARD) {
      // the server may not have heard of it when it wrote this
      to.searchParams.delete(this.mine.name);
      for (const value of this.mine.values) to.searchParams.append(this.mine.name, value);
    }
    const names = differences(to);
    if (this.touched && names.length) this.change(to.href, names, own ? names[0] : this.asker(names));
    else this.replace(to.href);
  }

  // Whose wish the server answers; null where it is none that is waited for.
  asker(names) {
    const about = this.asks.find((ask) => names.includes(ask.setting)) ?? this.asks.find((ask) => !ask.setting);
    this.asks = this.asks.filter((ask) => ask !== about);
    return about?.id ?? null;
  }

  // What a visitor changes is an entry at once, and Back undoes it however soon; what follows from it belongs to it, however
  // late, and so does what the same control changes soon after. by: who changed these settings.
  change(url, names, by) {
    if (!by) {
      this.replace(url);
      return;
    }
    const same = by === this.by && names.some((name) => this.names.includes(name));
    const goesOn = this.waiting && (same || document.documentElement.hasAttribute("data-drawing"));
    if (goesOn || (this.waiting && location.href === this.before)) this.replace(url);
    else {
      this.before = location.href;
      this.enter(url);
      this.heard();
    }
    this.names = goesOn ? [...this.names, ...names] : names;
    this.by = by;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.commit(), SETTLED);
  }

  // Another page, or this one at another of its entries: nobody has touched it yet.
  arrive(path, undos = 0) {
    clearTimeout(this.waiting);
    [this.waiting, this.left, this.touched] = [0, null, false];
    this.forget();
    this.redos = path === this.path ? Math.max(this.redos + this.undos - undos, 0) : 0;
    [this.path, this.undos] = [path, undos];
  }

  // Streamlit hands a page's settings on to the next one by way of the address: it finds none there.
  leave(link) {
    if (!link || new URL(link.href, location.href).pathname === location.pathname) return;
    this.commit();
    this.left = location.href;
    this.replace(location.pathname);
  }

  // What follows is another change. One that ended where it began is none.
  commit() {
    if (!this.waiting) return;
    clearTimeout(this.waiting);
    if (document.documentElement.hasAttribute("data-drawing")) {
      this.waiting = setTimeout(() => this.commit(), SETTLED); // a stroke is one change, however long it takes
      return;
    }
    this.waiting = 0;
    if (location.href !== this.before) return;
    this.undos -= 1;
    this.unseen = true;
    history.back();
    this.heard();
  }

  // The browser went to another entry.
  restored(e) {
    if (this.unseen) e.stopImmediatePropagation();
    else this.arrive(location.pathname, e.state?.undos ?? this.undos);
    this.unseen = false;
    this.heard();
  }

  go(by) {
    this.commit();
    if (by < 0 ? this.undos : this.redos) history.go(by);
  }
}

// Whether somebody does something to the page: not a script, not a shortcut, not the tools that go along the entries.
function byHand(e) {
  if (!e.isTrusted || e.target.closest?.(".lab-tools")) return false;
  return e.type !== "keydown" || !(e.ctrlKey || e.metaKey || e.altKey || MODIFIERS.includes(e.key));
}

// What a gesture asks of the server; nothing where the control writes the address itself, or no setting is about.
function asking({ type, target }) {
  const pair = target.closest?.("[data-testid=stSlider]")?.closest("[class*=st-key-pair_]");
  if (pair) {
    const setting = [...pair.classList].find((name) => name.startsWith("st-key-pair_")).slice(12);
    return { id: `slider of ${setting}`, setting };
  }
  const kinds = type === "click" ? "[data-testid=stButton], [data-testid=stPageLink], [data-testid=stDataFrame]" : "[data-testid=stFileUploader]";
  const one = /click|change|drop/.test(type) && target.closest?.(kinds);
  return one ? { id: one.closest("[class*=st-key-]")?.className ?? one.textContent } : null;
}

// The settings in which an address differs from the one that is there.
function differences(to) {
  const [here, there] = [new URLSearchParams(location.search), to.searchParams];
  const all = (query, name) => JSON.stringify(query.getAll(name));
  return [...new Set([...here.keys(), ...there.keys()])].filter((name) => all(here, name) !== all(there, name));
}

// What can be done again after a reload: the browser keeps the entries, and the tab how many they are.
function kept(undos) {
  try {
    const [navigation] = performance.getEntriesByType("navigation");
    const found = JSON.parse(sessionStorage.getItem(REDOS));
    return navigation?.type === "reload" && found.href === location.href && found.undos === undos ? found.redos : 0;
  } catch {
    return 0; // no storage, or nothing in it
  }
}

window.addEventListener("pagehide", () => {
  const { undos, redos } = window.labPast;
  try {
    sessionStorage.setItem(REDOS, JSON.stringify({ href: location.href, undos, redos }));
  } catch {} // no storage: Redo is off after a reload
});

export const past = (window.labPast ??= new Past());

// What a link carries: the settings, the version of links, and nothing of how one happens to look at them.
export function address(version, more = {}) {
  const url = new URL(location.href);
  url.searchParams.delete("embed_options");
  if (!url.searchParams.has("v")) url.searchParams.set("v", version);
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  return url.href;
}
