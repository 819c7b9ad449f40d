// A player: its views, clock, bar and strip round one scene, and what a visitor does with it.

import { Bar } from "./bar.js";
import { Clock } from "./clock.js";
import { decode, decodeStrip, radiusAt } from "./data.js";
import { Draft } from "./draft.js";
import { ghost, groundOf } from "./ghost.js";
import { iron } from "./imagine.js";
import { press } from "./keys.js";
import { LossView } from "./loss.js";
import { Pencil } from "./pencil.js";
import { Preview } from "./preview.js";
import { Readouts } from "./readouts.js";
import { Save, film, gif, movie, picture } from "./save.js";
import { Said } from "./said.js";
import { Sound } from "./sound.js";
import { build, layout } from "./stage.js";
import { RadiusStrip } from "./strip.js";
import { Telling } from "./telling.js";
import { readTheme } from "./theme.js";

const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const same = (a, b) => a.length === b.length && a.every((v, i) => v === b[i]);

const ANSWER = 2000; // ms for which a picture that was asked for is waited for
const BESIDE = 120; // ms between two pictures of the map beside a scene that the processor draws

export class Player {
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
    this.take = { picture, film, movie, gif };
    this.strip = new RadiusStrip({
      preview: (radius) => this.preview(radius),
      ask: (radius) => this.ask(radius),
      cancel: () => this.settle(),
    });
    this.passed = new Preview();
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
    this.root.addEventListener("keydown", (e) => press(this, e));
    this.sizes = new ResizeObserver(() => {
      layout(this);
      this.redraw();
    });
    this.sizes.observe(this.root);
    this.resized = () => {
      layout(this);
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
    this.send = (name, value) => {
      this.root.dispatchEvent(new CustomEvent("lab-ask", { bubbles: true, detail: `picture ${name}` })); // the address hears it
      component.setTriggerValue(name, value);
    };
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
    this.asked = null;
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

  // While the radius is dragged: the end of the nearest run that is known. Between two runs only the strip changes.
  preview(radius) {
    const batch = this.batch?.id === this.base.radius.batch ? this.batch : null;
    const { shown, run } = this.passed.at(this.base, batch, radius);
    if (shown === this.bare && this.clock.frame === this.clock.last) {
      this.redraw(false);
      return run;
    }
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
    else this.request("radius", { radius });
  }

  // Ask the page for another picture.
  request(name, value) {
    this.asked = performance.now();
    this.send(name, value);
  }

  // Is one under way?
  waiting() {
    return performance.now() - (this.asked ?? -Infinity) < ANSWER;
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
    this.bare = bare;
    const scene = this.pinned ? { ...bare, racers: [...bare.racers, this.pinned] } : bare;
    const kind = scene.panels.length ? `panels${scene.panels.length}` : scene.dim === 1 ? "curve" : "surface";
    if (this.kind !== kind) build(this, kind);
    this.scene = scene;
    this.clock.load(scene.frames, scene.duration);
    this.view.load(scene);
    this.contour?.load(scene);
    if (scene.racers.length) this.loss.load(scene);
    this.readouts.load(scene);
    this.pinButton.hidden = scene.panels.length > 0 || !scene.racers.length;
    this.soundButton.hidden = this.pinButton.hidden;
    this.sound.load(scene);
    if (!keepLayout) layout(this);
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

  // all: the picture changes, not only the radius on the strip.
  redraw(all = true) {
    this.outdated ||= all;
    if (this.pending || !this.scene || this.busy) return;
    this.pending = requestAnimationFrame((now) => {
      this.pending = 0;
      if (this.outdated) this.paint(now);
      else this.strip.draw(this.theme, this.scene.racers[0]);
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

  // Map and losses beside the scene: after its first picture. Where the processor draws all, they take turns with it while the
  // film runs or the radius is dragged.
  drawBeside(frame, now) {
    clearTimeout(this.later);
    if (!this.drawn) return;
    const dragged = this.bare !== this.base;
    if ((this.clock.playing || dragged) && this.view.software && now - (this.beside || 0) < BESIDE) {
      if (dragged) this.later = setTimeout(() => this.redraw(), BESIDE); // a hand that rests sees all of it
      return;
    }
    this.beside = now;
    this.contour?.draw(frame, this.theme);
    if (this.scene.lossPanel && this.scene.racers.length) this.loss.draw(frame, this.theme);
  }

  paint(now) {
    this.outdated = false;
    const wasPlaying = this.clock.playing;
    this.sound.play(this.clock.shown, this.clock.playing);
    this.clock.tick(now);
    const frame = this.clock.shown;
    this.breathe(frame);
    this.view.draw(frame, this.theme);
    this.drawBeside(frame, now);
    this.bar.update(this.scene.steps, this.scene.word);
    this.strip.draw(this.theme, this.scene.racers[0]);
    if (!this.clock.playing || now - (this.read || 0) > 80) {
      this.readouts.update(frame);
      this.onFrame?.(Math.floor(frame + 1e-9));
      this.read = now;
    }
    this.telling.at(frame, wasPlaying, this.clock.playing);
    this.root.dataset.frame = Math.floor(frame + 1e-9);
    if (!this.drawn) requestAnimationFrame(() => this.appeared());
    this.drawn += 1;
  }

  // The first picture is seen: benchmarks read when, and what lies beside it follows.
  appeared() {
    performance.mark("picture", { detail: "player" });
    this.later = setTimeout(() => this.root.isConnected && this.drawBeside(this.clock.shown, performance.now()));
  }

  dispose() {
    clearTimeout(this.autoplay);
    clearTimeout(this.later);
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
