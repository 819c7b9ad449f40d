// What a screen reader hears of the film: where everyone is when it stops, and where one has moved it to.

const QUIET = 350; // ms without another frame after which one has arrived

export class Telling {
  // live: the live region; words: frame => what is said of it.
  constructor(live, words) {
    [this.live, this.words] = [live, words];
  }

  at(frame, wasPlaying, playing) {
    const moved = this.frame !== undefined && this.frame !== frame;
    this.frame = frame;
    if (playing) clearTimeout(this.waiting);
    else if (wasPlaying) this.say();
    else if (moved) {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.say(), QUIET);
    }
  }

  say() {
    clearTimeout(this.waiting);
    this.live.textContent = this.words(this.frame);
  }

  dispose() {
    clearTimeout(this.waiting);
  }
}
