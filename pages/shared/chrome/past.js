// The address of a page: one history entry a change, and what a link carries.

const SETTLED = 700; // ms in which several changes of the address are one
const HANDS = ["pointerdown", "keydown", "click", "input", "change", "drop"];
const MODIFIERS = ["Alt", "AltGraph", "Control", "Meta", "Shift"];

// Streamlit replaces the address when a control changes, so Back would leave the page. Here a change is an entry: Back undoes it.
// An entry's state counts those of the same visit to a page that lie under it: as many changes can be undone there.
class Past {
  constructor() {
    this.replaceState = history.replaceState.bind(history);
    this.pushState = history.pushState.bind(history);
    this.touched = false; // before it is, what changes in the address is the doing of a page that arrives or comes back
    this.path = location.pathname;
    [this.undos, this.redos] = [history.state?.undos ?? 0, 0];
    this.replace(location.href);
    history.replaceState = (state, title, url) => this.changed(state, title, url);
    history.pushState = (state, title, url) => this.changed(state, title, url);
    // before Streamlit's own listener, which runs the page again
    window.addEventListener("popstate", (e) => this.restored(e), true);
    for (const kind of HANDS) window.addEventListener(kind, (e) => (this.touched ||= byHand(e)), { capture: true, passive: true });
    this.heard = () => {};
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

  changed(state, title, url) {
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
    if (this.touched && to.search !== location.search) this.change(to.href);
    else this.replace(to.href);
  }

  // What a visitor changes is an entry at once, and Back undoes it however soon; what goes on belongs to it.
  change(url) {
    if (this.waiting) this.replace(url);
    else {
      this.before = location.href;
      this.enter(url);
      this.heard();
    }
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.commit(), SETTLED);
  }

  // Another page, or this one at another of its entries: nobody has touched it yet.
  arrive(path, undos = 0) {
    clearTimeout(this.waiting);
    [this.waiting, this.left, this.touched] = [0, null, false];
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

export const past = (window.labPast ??= new Past());

// What a link carries: the settings, the version of links, and nothing of how one happens to look at them.
export function address(version, more = {}) {
  const url = new URL(location.href);
  url.searchParams.delete("embed_options");
  if (!url.searchParams.has("v")) url.searchParams.set("v", version);
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  return url.href;
}
