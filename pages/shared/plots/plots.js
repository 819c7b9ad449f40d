// Draws Plotly figures and changes them in place: new data are drawn into the plot that is there, and the view stays.

const base = document.querySelector('script[type="module"][src*="static/js/"]').src;
const NARROW = 560; // px of the whole block; below it, plots stand one under the other
let loading = null;

// One copy for all plots of all pages; found relative to Streamlit's own script, so a proxy prefix needs no setting.
const load = (name) => (loading ??= import(new URL(`../../app/static/${name}`, base).href).then(
  (module) => module.default,
  () => { loading = null; throw new Error("Plotly could not be loaded: reload the page."); },
));

const camera = (div) => div._fullLayout?.scene?._scene?.getCamera?.();

// Pixels of the page to one of a plot (style.css): type, lines and the room between them grow together.
const magnification = () => Number(getComputedStyle(document.documentElement).getPropertyValue("--plots")) || 1;
const copy = (value) => JSON.parse(JSON.stringify(value));

// A slider through traces of the first plot, of which one is shown at a time; arrow keys move it, a button plays it.
class Stages {
  constructor(parent, show) {
    this.show = show;
    this.root = document.createElement("div");
    this.root.className = "lab-stages";
    this.root.innerHTML = '<button type="button"></button><label><span></span><input type="range" min="0" step="1"></label><output></output>';
    [this.button, this.label, this.output] = this.root.children;
    this.range = this.label.querySelector("input");
    this.range.addEventListener("input", () => this.go(Number(this.range.value)));
    this.button.addEventListener("click", () => this.play(!this.timer));
    parent.append(this.root);
  }

  update(stages) {
    const text = JSON.stringify(stages);
    if (text === this.text) return;
    this.text = text;
    const grown = stages && this.stages?.names.length === stages.names.length; // one stays where one looks
    this.stages = stages;
    if (!grown) this.play(false);
    if (!stages) return;
    this.label.querySelector("span").textContent = stages.label;
    this.range.max = stages.names.length - 1;
    this.go(grown ? this.at : stages.at);
  }

  get at() {
    return this.stages ? Number(this.range.value) : null;
  }

  go(k) {
    this.range.value = k;
    this.output.textContent = this.stages.names[k];
    this.range.setAttribute("aria-valuetext", this.stages.names[k]);
    this.show(this.stages.traces, k);
  }

  play(on) {
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => {
      if (this.at + 1 >= this.stages.names.length) this.play(false);
      else this.go(this.at + 1);
    }, 700) : null;
    if (on && this.at + 1 >= this.stages.names.length) this.go(0);
    this.button.textContent = on ? "Pause" : "Play";
  }

  dispose() {
    clearInterval(this.timer);
    this.root.remove();
  }
}

const marked = (div, mark) => div._fullData?.find((trace) => trace.meta?.[mark]);

// The height of a curve at x, between its samples.
function heightAt({ x: xs, y: ys }, x) {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  const t = Math.min(Math.max((x - xs[low]) / (xs[high] - xs[low]), 0), 1);
  return ys[low] + t * (ys[high] - ys[low]);
}

// A ball of this radius whose lowest point, were it free, would be at (x, y): on h − ρ its centre is at h.
function circle(x, y, radius) {
  const turn = Array.from({ length: 121 }, (_, k) => (2 * Math.PI * k) / 120);
  return { x: [turn.map((t) => x + radius * Math.sin(t))], y: [turn.map((t) => y + radius + radius * Math.cos(t))] };
}

const nearest = (values, one, place) => values.reduce(
  (best, value) => (Math.abs(place(value) - one) < Math.abs(place(best) - one) ? value : best), values[0]);

// The point of the trace with this name that is nearest to a pointer inside its axes: {x, y}; null where there is none.
function pointUnder(div, name, event) {
  const trace = div._fullData?.find((one) => one.name === name && one.visible === true);
  const { xaxis, yaxis } = div._fullLayout ?? {};
  if (!trace || !xaxis?.d2p || !yaxis?.d2p) return null;
  const box = div.getBoundingClientRect(), m = magnification();
  const px = (event.clientX - box.left) / m - xaxis._offset, py = (event.clientY - box.top) / m - yaxis._offset;
  if (px < 0 || px > xaxis._length || py < 0 || py > yaxis._length) return null;
  const [xs, ys] = [Array.from(trace.x, Number), Array.from(trace.y, Number)];
  const x = nearest(xs, px, (value) => xaxis.d2p(value));
  // a heat map has its columns and rows apart, other traces have pairs
  const column = trace.type === "heatmap" ? ys : ys.filter((_, k) => xs[k] === x);
  return { x, y: nearest(column, py, (value) => yaxis.d2p(value)) };
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STRAYED = 5; // px between press and release from which on it is no click
const HEARD = 60; // ms in which Plotly tells of a click, if it does
const SETTLED = 350; // ms without a key after which the page is told where the keys have led
const written = (value) => String(Number(Number(value).toPrecision(3))).replace("-", "\u2212");

// The points of a trace under the arrow keys: a place moves at once, and the page is told when the keys rest.
class Keys {
  constructor(div, trace, choose) {
    Object.assign(this, { div, trace, choose });
    this.said = document.createElement("p");
    this.said.className = "lab-unseen";
    this.said.setAttribute("role", "status");
    div.parentElement.after(this.said);
    div.tabIndex = 0;
    div.setAttribute("role", "application");
    div.setAttribute("aria-roledescription", "map");
    div.addEventListener("keydown", (e) => this.key(e));
  }

  get points() {
    const found = this.div._fullData?.find((trace) => trace.name === this.trace());
    return found && { ...found, xs: Array.from(found.x, Number), ys: Array.from(found.y, Number) };
  }

  // Where the page has the place.
  update(selected) {
    if (this.waiting) this.ring();
    else this.at = selected;
    this.div.setAttribute("aria-label", `${this.words() ?? "Map"}. Arrow keys move, Enter chooses.`);
  }

  words() {
    const points = this.points;
    if (!points || !this.at) return null;
    const k = this.nearest(points, this.at);
    const { x = "ρ", y, what } = points.meta ?? {};
    const text = Array.isArray(points.text) ? points.text[k] : points.text;
    return `${x} = ${written(points.xs[k])}, ${y} = ${written(points.ys[k])}: ${what} ${text}`;
  }

  nearest({ xs, ys }, [x, y]) {
    const column = this.next(xs, x, 0);
    const rows = ys.map((value, k) => (xs[k] === column ? value : NaN));
    const row = this.next(rows, y, 0);
    return xs.findIndex((value, k) => value === column && ys[k] === row);
  }

  // The value among these that is next to one: in a direction, or (0) the nearest of all; itself at the end.
  next(values, one, direction) {
    const able = values.filter((value) => !Number.isNaN(value) && (direction === 0 || (value - one) * direction > 0));
    return able.reduce((best, value) => (Math.abs(value - one) < Math.abs(best - one) ? value : best), able[0] ?? one);
  }

  key(e) {
    if (e.altKey || e.ctrlKey || e.metaKey) return;
    const points = this.points;
    if (!points || !this.at) return;
    if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      this.tell();
      return;
    }
    const { xs, ys } = points;
    const k = this.nearest(points, this.at);
    let [x, y] = [xs[k], ys[k]];
    const ends = { Home: Math.min(...xs), End: Math.max(...xs) };
    if (e.key in ends) x = ends[e.key];
    else if (e.key in STEPS) {
      const [across, up] = STEPS[e.key];
      if (across) x = this.next(xs, x, across);
      else y = this.next(ys.map((value, i) => (xs[i] === x ? value : NaN)), y, up);
    } else return;
    e.preventDefault();
    e.stopPropagation();
    this.move([x, y]);
  }

  move(to) {
    const points = this.points;
    const k = this.nearest(points, to);
    this.at = [points.xs[k], points.ys[k]];
    this.ring();
    this.said.textContent = this.words();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.tell(), SETTLED);
  }

  // The marks of the place are shapes of a size in pixels.
  ring() {
    const [x, y] = this.at;
    const moved = (shape) => (shape.xsizemode === "pixel" ? { ...shape, xanchor: x, yanchor: y } : shape);
    window.Plotly.relayout(this.div, { shapes: (this.div.layout.shapes ?? []).map(moved) });
  }

  tell() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.choose(this.at);
  }

  dispose() {
    clearTimeout(this.waiting);
    this.said.remove();
  }
}

// After what was drawn is on the screen; a tab that nobody sees has no frames.
const seen = () => new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, 250);
});
let queue = Promise.resolve();

// One new plot a frame: a page's first is seen before the others are drawn. The marks tell benchmarks when.
function inTurn(draw) {
  const drawn = queue.then(draw);
  queue = drawn.then(seen).then(() => performance.mark("picture", { detail: "plot" }), () => {});
  return drawn;
}

class Plots {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "lab-plots";
    parent.append(this.root);
    this.stages = new Stages(parent, (traces, k) => this.choose(traces, k));
    this.shown = []; // [data, layout] of every plot, as text
    this.todo = Promise.resolve();
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.root);
  }

  update(component) {
    this.send = (name, value) => {
      this.root.dispatchEvent(new CustomEvent("lab-ask", { bubbles: true, detail: `plot ${name}` })); // the address hears it
      component.setTriggerValue(name, value);
    };
    const text = new TextDecoder().decode(component.data);
    if (text === this.text) return;
    this.text = text;
    const wanted = JSON.parse(text);
    // Room is made at once, so that nothing below jumps while Plotly is on its way.
    this.root.style.setProperty("--columns", wanted.columns);
    this.stages.root.hidden = !wanted.stages;
    while (this.root.children.length > wanted.figures.length) this.remove(this.root.lastChild);
    while (this.root.children.length < wanted.figures.length) this.root.append(document.createElement("div"));
    wanted.figures.forEach(([, layout], i) => {
      const { style } = this.root.children[i];
      style.setProperty("--drawn", `${JSON.parse(layout).height ?? 300}px`);
    });
    this.resize();
    this.latest = wanted;
    this.todo = this.todo.then(() => this.draw(wanted)).catch((error) => this.fail(error));
  }

  async draw(wanted) {
    const plotly = await load(wanted.plotly);
    if (wanted !== this.latest || !this.root.isConnected) return; // a newer one waits already
    this.wanted = wanted;
    for (const [i, [data, layout]] of wanted.figures.entries()) {
      const draw = () => this.plot(plotly, this.root.children[i], i, data, layout);
      if (this.shown[i]) await draw();
      else {
        await inTurn(() => wanted === this.latest && draw());
        if (wanted !== this.latest) return;
      }
      if (!this.root.isConnected) return;
    }
    if (wanted.selected) this.keyboard(this.root.children[0]).update(wanted.selected);
    this.stages.update(wanted.stages);
    if (wanted.stages) this.choose(wanted.stages.traces, this.stages.at);
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
  }

  async plot(plotly, div, i, data, layout) {
    const [oldData, oldLayout] = this.shown[i] ?? [];
    if (data === oldData && layout === oldLayout) return;
    const next = JSON.parse(layout);
    if (data === oldData) {
      const last = JSON.parse(oldLayout);
      const shapes = next.shapes ?? [];
      if (JSON.stringify({ ...next, shapes }) === JSON.stringify({ ...last, shapes })) {
        this.shown[i] = [data, layout];
        await plotly.relayout(div, { shapes });
        return;
      }
    }
    const view = camera(div);
    if (view && next.scene) next.scene.camera = { ...next.scene.camera, eye: view.eye, center: view.center, up: view.up };
    const fresh = !oldData;
    this.shown[i] = [data, layout];
    await plotly.react(div, JSON.parse(data), { ...next, autosize: true }, { displayModeBar: false, displaylogo: false });
    if (fresh) this.listen(div, i);
  }

  keyboard(div) {
    const choose = ([x, y]) => this.send("click", { x, y, plot: 0, stage: this.stages.at, at: Date.now() });
    this.keys ??= new Keys(div, () => this.wanted.clicks, choose);
    return this.keys;
  }

  choose(traces, k) {
    const [div] = this.root.children;
    if (!div?._fullLayout || traces.every((trace, i) => div.data[trace]?.visible === (i === k))) return;
    window.Plotly.restyle(div, { visible: traces.map((_, i) => i === k) }, traces);
  }

  listen(div, i) {
    let pressed = null;
    let told = false;
    const tell = ({ x, y }) => {
      told = true;
      this.send("click", { x: Number(x), y: Number(y), plot: i, stage: this.stages.at, at: Date.now() });
    };
    div.on("plotly_click", (event) => {
      const point = event.points.find((p) => p.data.name === this.wanted.clicks);
      if (point) tell(point);
    });
    // A plot that was drawn anew under a pointer at rest has forgotten it, and Plotly then tells of no click.
    div.addEventListener("pointerdown", (e) => { [pressed, told] = [e.isPrimary && !e.button ? e : null, false]; }, true);
    div.addEventListener("pointerup", (e) => {
      const from = pressed;
      pressed = null;
      if (!this.wanted.clicks || !from || Math.hypot(e.clientX - from.clientX, e.clientY - from.clientY) >= STRAYED) return;
      setTimeout(() => {
        const point = told ? null : pointUnder(div, this.wanted.clicks, e);
        if (point) tell(point);
      }, HEARD);
    }, true);
    this.carry(div);
    const turned = () => { if (this.wanted.linked) this.turn(div); };
    div.on("plotly_relayouting", turned);
    // Plotly's camera glides on for a moment after it was let go, and tells nobody.
    div.on("plotly_relayout", () => { for (const wait of [0, 250, 1000]) setTimeout(turned, wait); });
  }

  // A ball that lies on a curve goes where the pointer is: its trace is marked as the ball, the ironed one as what carries it.
  carry(div) {
    let wanted = null;
    let moving = false;
    const move = async () => {
      moving = true;
      while (wanted !== null) {
        const [x, ball, carrier] = [wanted, marked(div, "ball"), marked(div, "carries")];
        wanted = null;
        if (ball && carrier) await window.Plotly.restyle(div, circle(x, heightAt(carrier, x), ball.meta.ball), [ball.index]);
      }
      moving = false;
    };
    div.addEventListener("pointermove", (e) => {
      const axis = div._fullLayout?.xaxis;
      if (!axis || e.buttons || !marked(div, "ball")) return;
      const x = axis.p2d((e.clientX - div.getBoundingClientRect().left) / magnification() - axis._offset);
      if (!(x >= axis.range[0] && x <= axis.range[1])) return;
      wanted = x;
      if (!moving) move();
    });
  }

  // Plotly links no cameras: hand the one that moved to the others, without drawing their data again.
  turn(moved) {
    const view = camera(moved);
    if (!view) return;
    for (const div of this.root.children) {
      const scene = div._fullLayout?.scene;
      if (div === moved || !scene?._scene?.glplot) continue;
      scene.camera = { ...scene.camera, ...copy({ eye: view.eye, center: view.center, up: view.up }) };
      scene._scene.setViewport(scene);
      div.layout.scene.camera = scene.camera;
    }
  }

  resize() {
    const width = Math.round(this.root.clientWidth);
    if (!width) return;
    this.root.classList.toggle("narrow", width < NARROW);
    const m = magnification();
    if (width === this.width && m === this.magnified) return;
    Object.assign(this, { width, magnified: m });
    this.root.style.setProperty("--magnified", m);
    for (const div of this.root.children) if (div._fullLayout) window.Plotly.Plots.resize(div);
  }

  remove(div) {
    this.shown.length = Math.min(this.shown.length, [...this.root.children].indexOf(div));
    if (this.keys?.div === div) {
      this.keys.dispose();
      this.keys = null;
    }
    if (div._fullLayout) window.Plotly.purge(div);
    div.remove();
  }

  fail(error) {
    if (!this.root.isConnected) return; // the page has gone on: a plot taken away while Plotly was drawing it
    console.error(error);
    this.text = null;
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = error.message;
    this.root.replaceChildren(note);
    this.shown = [];
  }

  dispose() {
    this.sizes.disconnect();
    this.latest = null;
    while (this.root.lastChild) this.remove(this.root.lastChild);
    this.stages.dispose();
    this.root.remove();
  }
}

const known = new WeakMap();

export default function (component) {
  const parent = component.parentElement;
  let plots = known.get(parent);
  if (!plots) known.set(parent, (plots = new Plots(parent)));
  plots.update(component);
  return () => {
    if (known.get(parent) !== plots) return;
    known.delete(parent);
    plots.dispose();
  };
}
