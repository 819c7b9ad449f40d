// A curve while it is drawn: shown at once, told to the page a few times a second, and never taken back by an answer to an older
// one. Where the page rolls on it (live) its runs are the page's, exact, a moment old; else the ball glides over it here.

import { iron, setDown } from "./imagine.js";
import { arcAngle } from "./data.js";

const PAUSE = 150; // ms between two messages
const LOST = 4000; // ms after which an answer will not come

export class Draft {
  constructor(player) {
    this.player = player;
    this.asked = null; // what was told and not answered
    this.wanted = null; // what is to be told next
  }

  drawn(text, done) {
    const { player } = this;
    if (!this.rolling) this.begin();
    if (player.base.drawing.live || done) this.wanted = { text, done };
    player.show(this.over(player.base), true);
    this.flush();
    player.redraw();
  }

  // The ball goes on rolling for as long as the hand moves; who asked for calm sees where it ends.
  begin() {
    const { clock } = this.player;
    this.rolling = true;
    document.documentElement.toggleAttribute("data-drawing", true);
    this.looped = clock.loop;
    this.range = this.player.base.range; // the picture holds still under the hand
    if (this.player.calm()) clock.seek(clock.last);
    else {
      clock.loop = true;
      if (!clock.playing) clock.play();
    }
  }

  end() {
    if (!this.rolling) return;
    this.rolling = false;
    document.documentElement.toggleAttribute("data-drawing", false);
    this.player.clock.loop = this.looped;
  }

  flush() {
    clearTimeout(this.timer);
    if (!this.wanted) return;
    const now = performance.now();
    const wait = this.asked ? this.asked.at + LOST - now : (this.at ?? -PAUSE) + PAUSE - now;
    if (wait > 0) {
      this.timer = setTimeout(() => this.flush(), wait);
      return;
    }
    this.asked = { ...this.wanted, at: now };
    [this.at, this.wanted] = [now, null];
    this.player.send("draw", { knots: this.asked.text, done: this.asked.done });
  }

  // Whether the hand is ahead of what the page has sent.
  ahead({ drawing }) {
    if (this.asked && drawing?.text === this.asked.text && drawing.draft !== this.asked.done) {
      this.asked = null;
      this.flush();
    }
    const ahead = !!drawing && (this.player.pencil.busy || !!this.asked || !!this.wanted);
    if (!ahead) this.end();
    return ahead;
  }

  // The scene with the curve as it is under the hand.
  over(scene) {
    const heights = this.player.pencil.heights(scene.ground.x);
    const ground = { ...scene.ground, heights, reachable: null };
    const ball = scene.racers[0]?.ball ? scene.racers[0] : null;
    if (ground.ironed && ball) ground.ironed = iron(ground.x, heights, ball.radius);
    const racers = scene.drawing.live ? scene.racers : scene.racers.map((r) => glide(r, ground));
    return { ...scene, ground, racers, range: this.range, minimum: null };
  }
}

// The ball over the same places of another curve.
function glide(racer, ground) {
  const center = racer.center.slice();
  const position = racer.position.slice();
  for (let i = 0; i < racer.n; i++) {
    const at = setDown(ground, racer.center[2 * i], racer.radius);
    center.set(at.center, 2 * i);
    position.set(at.contact, 2 * i);
  }
  const seen = Float64Array.from({ length: racer.n }, (_, i) => center[2 * i + 1] - racer.radius);
  return {
    ...racer, center, position, contacts: new Map(), rotation: arcAngle(center, 2, racer.radius),
    readouts: racer.readouts.map((o) => ({ ...o, values: seen })),
  };
}
