// Playback: the frame follows from the elapsed time, so a slow machine skips frames instead of falling behind.

export class Clock {
  constructor(changed) {
    this.changed = changed; // called after every change: (clock) => void
    this.frame = 0;
    this.last = 0; // index of the last frame
    this.duration = 8;
    this.speed = 1;
    this.playing = false;
    this.loop = false;
    this.then = null;
  }

  get rate() {
    return (this.last / this.duration) * this.speed; // frames a second
  }

  load(frames, duration) {
    const atEnd = this.last > 0 && this.frame >= this.last;
    this.last = Math.max(frames - 1, 0);
    this.duration = duration;
    this.frame = atEnd ? this.last : Math.min(this.frame, this.last);
  }

  play() {
    if (this.frame >= this.last) this.frame = 0;
    this.playing = this.last > 0;
    this.then = null;
    this.changed(this);
  }

  pause() {
    this.playing = false;
    this.frame = Math.round(this.frame);
    this.changed(this);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(frame, keepPlaying = false) {
    this.frame = Math.min(Math.max(frame, 0), this.last);
    if (!keepPlaying) this.playing = false;
    this.then = null;
    this.changed(this);
  }

  step(by) {
    this.seek(Math.round(this.frame) + by);
  }

  restart() {
    this.frame = 0;
    this.play();
  }

  tick(now) {
    if (!this.playing) return;
    if (this.then !== null) this.frame += ((now - this.then) / 1000) * this.rate;
    this.then = now;
    if (this.frame >= this.last) {
      if (this.loop) {
        // one second of rest at the end, or a short run would flicker
        if (this.frame - this.last > this.rate) this.frame = 0;
      } else {
        this.frame = this.last;
        this.playing = false;
      }
    }
  }

  get shown() {
    return Math.min(this.frame, this.last);
  }
}
