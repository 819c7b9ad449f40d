// The address of a page: one history entry a change, and what a link carries.

const SETTLED = 700; // ms in which several changes of the address are one
const ARRIVING = 2000; // ms in which what changes in the address is a page's own doing

// Streamlit replaces the address when a control changes, so Back would leave the page. Here a change is an entry: Back undoes it.
class Past {
  constructor() {
    this.replace = history.replaceState.bind(history);
    this.push = history.pushState.bind(history);
    this.restoring = 0; // until when the address changes because one went back, not because one changed something
    this.arrived = performance.now();
    this.path = location.pathname;
    [this.undos, this.redos] = [0, 0];
    history.replaceState = (state, title, url) => this.changed(state, title, url);
    history.pushState = (state, title, url) => this.changed(state, title, url);
    // before Streamlit's own listener, which runs the page again
    window.addEventListener("popstate", () => this.restored(), true);
    this.heard = () => {};
  }

  changed(state, title, url) {
    const to = new URL(url ?? location.href, location.href);
    if (to.pathname !== this.path) {
      // on its way out a page takes its settings out of the address: they stay in its entry, or Back would lose them
      if (this.left ?? this.waiting) this.replace(history.state, "", this.left ?? this.before);
      clearTimeout(this.waiting);
      this.waiting = 0;
      this.left = null;
      [this.path, this.undos, this.redos] = [to.pathname, 0, 0];
      this.push(state, title, url);
      this.arrived = performance.now();
      this.heard();
      return;
    }
    // Streamlit writes the settings it knows; the version of links is not among them
    const version = new URLSearchParams(location.search).get("v") ?? this.version;
    if (version && !to.searchParams.has("v")) {
      to.searchParams.set("v", version);
      url = to.href;
    }
    const now = performance.now();
    // while a page arrives its controls write into the address what they were given
    const own = to.search !== location.search && now > this.restoring && now > this.arrived + ARRIVING;
    if (own) {
      if (!this.waiting) this.before = location.href;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.commit(), SETTLED);
    }
    this.replace(state, title, url);
  }

  // Streamlit hands a page's settings on to the next one by way of the address: it finds none there.
  leave(link) {
    if (!link || new URL(link.href, location.href).pathname === location.pathname) return;
    this.commit();
    this.left = location.href;
    this.replace(history.state, "", location.pathname);
  }

  // The address before the change becomes an entry under the one that is there now.
  commit() {
    if (!this.waiting) return;
    clearTimeout(this.waiting);
    if (document.documentElement.hasAttribute("data-drawing")) {
      this.waiting = setTimeout(() => this.commit(), SETTLED); // a stroke is one change, however long it takes
      return;
    }
    this.waiting = 0;
    const now = location.href;
    if (now === this.before) return;
    this.replace(history.state, "", this.before);
    this.push(history.state, "", now);
    [this.undos, this.redos] = [this.undos + 1, 0];
    this.heard();
  }

  restored() {
    this.restoring = performance.now() + ARRIVING;
    if (location.pathname !== this.path) {
      [this.path, this.undos, this.redos] = [location.pathname, 0, 0];
    } else if (this.going) {
      this.undos += this.going;
      this.redos -= this.going;
    }
    this.going = 0;
    this.heard();
  }

  go(by) {
    this.commit();
    if (by < 0 ? !this.undos : !this.redos) return;
    this.going = by;
    history.go(by);
  }
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
