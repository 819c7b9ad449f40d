// "Hear the run": pitch is the loss of the first racer, left and right its place, and each change of contact ticks. Off until
// asked for, as browsers and classrooms want it.

import { row } from "./data.js";

const [LOWEST, HIGHEST] = [110, 880]; // Hz, for the scene's lowest and highest loss
const FADE = 0.03; // s

export class Sound {
  constructor() {
    this.on = false;
  }

  toggle() {
    this.on = !this.on;
    if (this.on && !this.context) this.build();
    if (this.on) this.context.resume();
    else this.quiet();
  }

  build() {
    this.context = new (window.AudioContext || window.webkitAudioContext)();
    this.tone = new OscillatorNode(this.context, { type: "triangle", frequency: LOWEST });
    this.volume = new GainNode(this.context, { gain: 0 });
    this.side = new StereoPannerNode(this.context, { pan: 0 });
    this.tone.connect(this.volume).connect(this.side).connect(this.context.destination);
    this.tone.start();
  }

  load(scene) {
    this.scene = scene;
    this.touched = null;
    const values = Array.from(scene.racers[0]?.position ?? []).filter((_, i) => i % scene.width === scene.width - 1);
    this.low = Math.min(...values);
    this.high = Math.max(...values);
  }

  // The pitch in Hz and the side (−1 left, 1 right) of a frame.
  heard(frame) {
    const racer = this.scene.racers[0];
    const p = row(racer.position, racer.width, Math.min(frame, racer.n - 1));
    const level = (p[racer.width - 1] - this.low) / (this.high - this.low || 1);
    const [a, b] = this.scene.bounds[0];
    return { pitch: LOWEST * (HIGHEST / LOWEST) ** level, pan: Math.min(Math.max((2 * (p[0] - a)) / (b - a) - 1, -1), 1), x: p[0] };
  }

  play(frame, playing) {
    if (!this.on || !this.scene?.racers.length) return;
    if (!playing) {
      this.quiet();
      return;
    }
    const { pitch, pan, x } = this.heard(frame);
    const now = this.context.currentTime;
    this.tone.frequency.setTargetAtTime(pitch, now, FADE);
    this.side.pan.setTargetAtTime(pan, now, FADE);
    this.volume.gain.setTargetAtTime(0.12, now, FADE);
    const racer = this.scene.racers[0];
    if (racer.ball && this.touched !== null && Math.abs(x - this.touched) > 0.15 * racer.radius) this.tick(now);
    this.touched = x;
  }

  tick(now) {
    const click = new OscillatorNode(this.context, { type: "square", frequency: 1400 });
    const gain = new GainNode(this.context, { gain: 0.08 });
    gain.gain.exponentialRampToValueAtTime(1e-4, now + 0.04);
    click.connect(gain).connect(this.side);
    click.start(now);
    click.stop(now + 0.05);
  }

  quiet() {
    this.volume?.gain.setTargetAtTime(0, this.context.currentTime, FADE);
  }

  dispose() {
    this.context?.close();
  }
}
