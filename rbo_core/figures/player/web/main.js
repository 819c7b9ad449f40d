// Entry: builds the player once per mounted component and feeds it new scenes; camera and clock live on between scenes.

import { Bar } from "./bar.js";
import { Clock } from "./clock.js";
import { ContourView } from "./contour.js";
import { CurveView } from "./curve.js";
import { decode, decodeStrip, radiusAt } from "./data.js";
import { Draft } from "./draft.js";
import { stageHeight } from "./extent.js";
import { ghost, groundOf } from "./ghost.js";
import { imagine, iron } from "./imagine.js";
import { LossView } from "./loss.js";
import { PanelsView } from "./panels.js";
import { Pencil } from "./pencil.js";
import { Readouts } from "./readouts.js";
import { Save, film, gif, picture } from "./save.js";
import { Said } from "./said.js";
import { Sound } from "./sound.js";
import { RadiusStrip } from "./strip.js";
import { SurfaceView } from "./surface.js";
import { Telling } from "./telling.js";
import { readTheme } from "./theme.js";

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const same = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);

// Without WebGL the contour map still shows the race.
class Blank {
  constructor(parent, error) {
    parent.replaceChildren();
    const note = document.createElement("p");
    note.className = "rbp-note";
    note.textContent = `${error.message} The contour map shows the same run.`;
    parent.append(note);
  }

  load() {}
  draw() {}
  setZoom() {}
  dispose() {}
}

class Player {
  constructor(parent) {
    this.parent = parent;
    this.clock = new Clock(() => this.redraw());
    this.root = document.createElement("div");
    this.root.className = "rbp";
    this.root.__player = this; // for tests and for the curious in the console
    this.stage = document.createElement("div");
    this.stage.className = "rbp-stage";
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application");
    this.main = document.createElement("div");
    this.main.className = "rbp-main";
    this.side = document.createElement("div");
    this.side.className = "rbp-side";
    this.stage.append(this.main, this.side);
    this.bar = new Bar(this.clock);
    this.bar.element.append(new Save(this).element);
    this.take = { picture, film, gif };
    this.strip = new RadiusStrip({
      preview: (radius) => this.preview(radius),
      ask: (radius) => this.ask(radius),
      cancel: () => this.settle(),
    });
    this.said = new Said();
    this.sound = new Sound();
    this.extras();
    this.readouts = new Readouts();
    this.calm = calm;
    this.draft = new Draft(this);
    this.pencil = new Pencil({
      drawn: (text, done) => this.draft.drawn(text, done),
      view: () => this.view,
      say: (words) => (this.live.textContent = words),
      redraw: () => this.redraw(),
    });
    this.live = document.createElement("div");
    this.live.className = "rbp-unseen";
    this.live.setAttribute("aria-live", "polite");
    this.telling = new Telling(this.live, (frame) => `${this.bar.text.textContent}. ${this.readouts.spoken(frame)}`);
    this.root.append(this.pencil.element, this.stage, this.bar.element, this.strip.element, this.readouts.element, this.live);
    parent.append(this.root);
    this.lossCanvas = document.createElement("canvas");
    this.lossCanvas.className = "rbp-loss";
    this.loss = new LossView(this.lossCanvas);
    this.drawn = 0;
    this.root.addEventListener("keydown", (e) => this.key(e));
    this.sizes = new ResizeObserver(() => {
      this.layout();
      this.redraw();
    });
    this.sizes.observe(this.root);
    this.resized = () => {
      this.layout();
      this.redraw();
    };
    window.addEventListener("resize", this.resized);
  }

  // Buttons of the bar that concern the run and not the clock.
  extras() {
    const button = (icon, label, action) => {
      const b = this.bar.button(icon, label, action);
      b.setAttribute("aria-pressed", "false");
      return b;
    };
    this.pinButton = button("pin", "Pin this run as a ghost", () => this.pin());
    this.soundButton = button("sound", "Hear the run", () => {
      this.sound.toggle();
      this.soundButton.setAttribute("aria-pressed", String(this.sound.on));
    });
  }

  // Keep the first racer's run as a ghost beside the next ones; press again to let it go.
  pin() {
    const racer = this.base.racers[0];
    this.pinned = this.pinned || !racer ? null : ghost(racer, this.base);
    this.pinButton.setAttribute("aria-pressed", String(!!this.pinned));
    this.show(this.base);
    this.redraw();
  }

  update(component) {
    this.send = component.setTriggerValue;
    this.onFrame = component.onFrame; // for hosts that follow the film
    this.theme = readTheme(this.parent);
    const bytes = component.data;
    if (!this.bytes || !same(bytes, this.bytes)) {
      this.bytes = bytes.slice();
      this.load(decode(bytes));
    }
    this.redraw();
  }

  load(scene) {
    const first = !this.scene;
    const start = (s) => s.racers.map((r) => Array.from(r.position.slice(0, s.width)).join()).join();
    const moved = !first && (start(scene) !== start(this.base) || scene.story !== this.base.story);
    const ahead = this.draft.ahead(scene);
    const drew = !!this.base?.drawing && this.pencil.text === scene.drawing?.text;
    this.base = scene;
    this.said.restore();
    if (!ahead) this.pencil.load(scene.drawing);
    this.show(ahead ? this.draft.over(scene) : scene, ahead);
    this.strip.load(scene.radius);
    this.strip.fill(scene.radius && this.batch?.id === scene.radius.batch ? this.batch : null);
    this.stage.setAttribute("aria-label", `${scene.title}. Space plays and pauses, arrow keys step, Home and End jump, plus and minus zoom${scene.dim === 2 ? ", W A S D turn the scene" : ""}.`);
    if (first) this.begin(scene);
    else if (moved && !ahead && !drew && !calm()) this.clock.restart(); // a new start and a story are meant to be watched
  }

  // The runs of the radius strip, which come after the picture.
  fill(bytes) {
    this.filled = bytes;
    this.batch = decodeStrip(bytes);
    if (this.batch.id === this.base?.radius?.batch) this.strip.fill(this.batch);
    this.redraw();
  }

  // While the radius is dragged: the end of the nearest run that is known.
  preview(radius) {
    const batch = this.batch?.id === this.base.radius.batch ? this.batch : null;
    const { shown, run } = imagine(this.base, batch, radius);
    this.show(shown, true);
    if (run) {
      this.clock.seek(this.clock.last);
      this.said.say(run.sentence);
    }
    this.redraw();
    return run;
  }

  ask(radius) {
    if (radius === this.base.radius.value) this.settle();
    else this.send("radius", { radius });
  }

  // Back to the run that the page holds.
  settle() {
    this.said.restore();
    this.strip.load(this.base.radius);
    this.show(this.base);
    this.redraw();
  }

  show(bare, keepLayout = false) {
    if (this.pinned && this.pinned.ground !== groundOf(bare)) {
      this.pinned = null; // a run on another ground is no ghost here
      this.pinButton.setAttribute("aria-pressed", "false");
    }
    const scene = this.pinned ? { ...bare, racers: [...bare.racers, this.pinned] } : bare;
    const kind = scene.panels.length ? `panels${scene.panels.length}` : scene.dim === 1 ? "curve" : "surface";
    if (this.kind !== kind) this.build(kind);
    this.scene = scene;
    this.clock.load(scene.frames, scene.duration);
    this.view.load(scene);
    this.contour?.load(scene);
    if (scene.racers.length) this.loss.load(scene);
    this.readouts.load(scene);
    this.pinButton.hidden = scene.panels.length > 0 || !scene.racers.length;
    this.soundButton.hidden = this.pinButton.hidden;
    this.sound.load(scene);
    if (!keepLayout) this.layout();
  }

  // Motion starts by itself once per mounted player, and not for those who asked their system for calm.
  begin(scene) {
    const query = new URLSearchParams(window.location.search);
    const at = Number.parseFloat(query.get("at"));
    if (Number.isFinite(at)) {
      // a link may wait at a step
      const frame = scene.steps.findIndex((step) => step >= at);
      this.clock.seek(frame < 0 ? this.clock.last : frame);
      return;
    }
    if (!scene.autoplay || query.get("autoplay") === "0") return;
    if (calm()) this.clock.seek(this.clock.last);
    else this.autoplay = setTimeout(() => this.clock.frame === 0 && !this.clock.playing && this.clock.play(), 700);
  }

  build(kind) {
    this.view?.dispose();
    this.kind = kind;
    this.root.dataset.kind = kind;
    this.main.replaceChildren();
    this.side.replaceChildren();
    const canvas = (name) => Object.assign(document.createElement("canvas"), { className: name });
    const actions = {
      click: (x) => this.send("click", { x }),
      radius: (radius) => this.strip.move(radius),
      chosen: () => this.strip.done(),
      settle: () => this.settle(),
      redraw: () => this.redraw(),
      playing: () => this.clock.playing,
      frame: () => this.clock.shown,
    };
    const [view, over] = [canvas("rbp-view"), canvas("rbp-over")];
    this.main.append(view);
    this.contour = null;
    if (kind.startsWith("panels")) this.view = new PanelsView(this.main, actions);
    else if (kind === "curve") this.view = new CurveView(view, actions, this.pencil);
    else {
      this.contourCanvas = canvas("rbp-contour");
      this.contour = new ContourView(this.contourCanvas, actions);
      this.side.append(this.contourCanvas);
      this.main.append(over);
      try {
        this.view = new SurfaceView(view, over, actions);
      } catch (error) {
        this.view = new Blank(this.main, error);
      }
    }
    if (kind === "curve") this.main.append(this.pencil.handle);
    this.main.append(this.zoomButtons());
    this.side.append(this.lossCanvas);
  }

  zoomButtons() {
    const box = document.createElement("div");
    box.className = "rbp-zoom";
    for (const [text, label, factor] of [["+", "Zoom in", 1.6], ["−", "Zoom out", 1 / 1.6], ["⤢", "Whole view", 0]]) {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = text;
      b.title = label;
      b.setAttribute("aria-label", label);
      b.addEventListener("click", () => this.view.setZoom(factor));
      box.append(b);
    }
    return box;
  }

  layout() {
    if (!this.scene) return;
    const width = this.root.clientWidth;
    const { lossPanel, dim } = this.scene;
    const page = this.root.closest("[data-testid=stMain]");
    const height = stageHeight(this.scene.height, this.root.getBoundingClientRect().top + this.pencil.element.offsetHeight + (page?.scrollTop ?? window.scrollY));
    const narrow = width < 620;
    this.root.dataset.narrow = narrow;
    // on a phone bar and radius follow the picture at once, and the other panels come after them
    if (narrow !== (this.side.parentElement === this.root)) narrow ? this.strip.element.after(this.side) : this.stage.append(this.side);
    const flat = dim === 1 && this.view.aspect < 0.75;
    const { contour } = this.scene;
    if (this.contourCanvas) this.contourCanvas.hidden = !contour;
    this.lossCanvas.hidden = !lossPanel;
    const panels = (dim === 2 && contour ? 1 : 0) + (lossPanel ? 1 : 0);
    this.side.hidden = !panels;
    if (this.scene.panels.length) {
      this.stage.dataset.layout = "stacked";
      this.main.style.height = `${narrow ? this.scene.panels.length * 270 : height}px`;
      return;
    }
    const beside = panels && !narrow && !flat;
    this.stage.dataset.layout = beside ? "beside" : "stacked";
    if (beside) {
      this.main.style.height = this.side.style.height = `${height}px`;
      this.side.style.gridTemplateRows = panels === 2 ? "minmax(0, 1.55fr) minmax(0, 1fr)" : "";
      return;
    }
    const map = dim === 2 && contour ? Math.min(width, 420) : 0;
    const below = map + (lossPanel ? (narrow ? 170 : Math.round(0.27 * height)) : 0);
    const most = narrow ? Math.min(height, Math.round(dim === 1 ? Math.min(Math.max(1.2 * this.view.aspect * width + 60, 220), width) : width)) : height - below + map;
    this.main.style.height = `${most}px`;
    this.side.style.height = `${below}px`;
    this.side.style.gridTemplateRows = map && lossPanel ? `${map}px minmax(0, 1fr)` : "";
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const tag = e.target.tagName;
    const native = tag === "SELECT" || (tag === "INPUT" && e.key !== " ") || (tag === "BUTTON" && (e.key === " " || e.key === "Enter"));
    if (native) return;
    const leap = e.shiftKey ? 10 : 1;
    const actions = {
      " ": () => this.clock.toggle(),
      ArrowRight: () => this.clock.step(leap),
      ArrowLeft: () => this.clock.step(-leap),
      Home: () => this.clock.seek(0),
      End: () => this.clock.seek(this.clock.last),
      "+": () => this.view.setZoom(1.25),
      "-": () => this.view.setZoom(0.8),
      a: () => this.view.turn?.(0.1, 0),
      d: () => this.view.turn?.(-0.1, 0),
      w: () => this.view.turn?.(0, 0.1),
      s: () => this.view.turn?.(0, -0.1),
    };
    if (!actions[e.key]) return;
    e.preventDefault();
    actions[e.key]();
  }

  redraw() {
    if (this.pending || !this.scene || this.busy) return;
    this.pending = requestAnimationFrame((now) => {
      this.pending = 0;
      this.paint(now);
      if (this.clock.playing || this.view.moving) this.redraw();
    });
  }

  // A ball that breathes gets the radius of the frame, and so does what it sees of a curve.
  breathe(frame) {
    for (const r of this.scene.racers) if (r.radii) r.radius = radiusAt(r, frame);
    const [first] = this.scene.racers;
    const { ground, dim } = this.scene;
    if (!first?.radii || dim !== 1 || !ground.ironed || Math.abs(first.radius / ground.ironedFor - 1) < 2e-3) return;
    ground.ironed = iron(ground.x, ground.heights, first.radius);
    ground.ironedFor = first.radius;
    this.view.stale = true;
  }

  paint(now) {
    const wasPlaying = this.clock.playing;
    this.sound.play(this.clock.shown, this.clock.playing);
    this.clock.tick(now);
    const frame = this.clock.shown;
    this.breathe(frame);
    this.view.draw(frame, this.theme);
    this.contour?.draw(frame, this.theme);
    if (this.scene.lossPanel && this.scene.racers.length) this.loss.draw(frame, this.theme);
    this.bar.update(this.scene.steps, this.scene.word);
    this.strip.draw(this.theme, this.scene.racers[0]);
    if (!this.clock.playing || now - (this.read || 0) > 80) {
      this.readouts.update(frame);
      this.onFrame?.(Math.floor(frame + 1e-9));
      this.read = now;
    }
    this.telling.at(frame, wasPlaying, this.clock.playing);
    this.root.dataset.frame = Math.floor(frame + 1e-9);
    this.drawn += 1;
  }

  dispose() {
    clearTimeout(this.autoplay);
    cancelAnimationFrame(this.pending);
    this.clock.playing = false;
    this.sizes.disconnect();
    window.removeEventListener("resize", this.resized);
    this.sound.dispose();
    this.telling.dispose();
    this.view?.dispose();
    this.root.remove();
  }
}

const LEAVING = 500; // ms for which a player that was taken away can come back
const players = new WeakMap();
const named = new Map(); // the player that a strip belongs to, by the player's name on the page
const strips = new Map();

export function mount(component) {
  const parent = component.parentElement;
  let player = players.get(parent);
  if (!player) players.set(parent, (player = new Player(parent)));
  clearTimeout(player.leaving);
  if (!player.root.isConnected) parent.append(player.root);
  player.update(component);
  const { name } = player.base;
  named.set(name, player);
  if (strips.has(name) && player.filled !== strips.get(name)) player.fill(strips.get(name));
  return () => {
    // Clicks in quick succession make Streamlit take a player away and mount it again in the same place: one that was put
    // away at once would lose the click that is made meanwhile, its camera and its clock.
    clearTimeout(player.leaving);
    player.leaving = setTimeout(() => {
      if (players.get(parent) !== player) return;
      players.delete(parent);
      if (named.get(name) === player) named.delete(name);
      player.dispose();
    }, LEAVING);
  };
}

// The runs of a radius strip; it is drawn by the player of that name, whichever of the two is mounted first.
export function mountStrip(component) {
  const name = new TextDecoder().decode(component.data.slice(1, 1 + component.data[0]));
  const bytes = component.data.slice(1 + component.data[0]);
  strips.set(name, bytes);
  named.get(name)?.fill(bytes);
}
