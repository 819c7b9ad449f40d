// The playback bar: native controls with names, so that keyboards and screen readers work without further help.

const ICONS = {
  play: '<path d="M7 4.5v15l12-7.5z"/>',
  pause: '<path d="M6 4.5h4.2v15H6zM13.8 4.5H18v15h-4.2z"/>',
  back: '<path d="M17.5 5v14L8.5 12zM5.5 5h2.4v14H5.5z"/>',
  forward: '<path d="M6.5 5v14l9-7zM16.1 5h2.4v14h-2.4z"/>',
  restart: '<path d="M12 5V1.8L6.6 6.3 12 10.8V7.4a4.9 4.9 0 1 1-4.9 4.9H4.6A7.4 7.4 0 1 0 12 5z"/>',
  pin: '<path d="M8 2.5h8v2l-1.4 1v5.2l3.4 3V16h-5.1v5.5h-1.8V16H6v-2.3l3.4-3V5.5L8 4.5z"/>',
  sound: '<path d="M4 9h3.6L13 4.2v15.6L7.6 15H4zM15.6 8.2a5.4 5.4 0 0 1 0 7.6l1.4 1.4a7.4 7.4 0 0 0 0-10.4z"/>',
  loop: '<path d="M7 7h10v3.2l4.2-4.4L17 1.4V4.6H4.6v6.6H7zm10 10H7v-3.2l-4.2 4.4L7 22.6v-3.2h12.4v-6.6H17z"/>',
};
const icon = (name) => `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="currentColor">${ICONS[name]}</svg>`;
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10];

export class Bar {
  constructor(clock) {
    this.clock = clock;
    this.element = document.createElement("div");
    this.element.className = "rbp-bar";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Playback");
    const button = (...what) => this.button(...what);
    this.playButton = button("play", "Play", () => clock.toggle());
    this.playButton.classList.add("rbp-play");
    button("back", "Step back", () => clock.step(-1));
    button("forward", "Step forward", () => clock.step(1));
    button("restart", "Restart", () => clock.restart());
    this.loopButton = button("loop", "Loop", () => {
      clock.loop = !clock.loop;
      clock.changed(clock);
    });
    this.slider = document.createElement("input");
    Object.assign(this.slider, { type: "range", min: 0, step: 1, value: 0 });
    this.slider.setAttribute("aria-label", "Frame");
    this.slider.addEventListener("input", () => clock.seek(Number(this.slider.value)));
    this.text = document.createElement("span");
    this.text.className = "rbp-step";
    this.speed = document.createElement("select");
    this.speed.setAttribute("aria-label", "Speed");
    for (const s of SPEEDS) this.speed.add(new Option(`${s}×`, s, s === 1, s === 1));
    this.speed.addEventListener("change", () => {
      clock.speed = Number(this.speed.value);
      clock.changed(clock);
    });
    this.element.append(this.slider, this.text, this.speed);
  }

  button(name, label, action) {
    const b = document.createElement("button");
    b.type = "button";
    b.innerHTML = icon(name);
    b.setAttribute("aria-label", label);
    b.title = label;
    b.addEventListener("click", action);
    this.element.append(b);
    return b;
  }

  update(steps, word) {
    const { clock } = this;
    const frame = Math.floor(clock.shown + 1e-9);
    const playing = String(clock.playing);
    if (this.element.dataset.playing !== playing) {
      this.element.dataset.playing = playing;
      this.playButton.innerHTML = icon(clock.playing ? "pause" : "play");
      this.playButton.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
      this.playButton.title = clock.playing ? "Pause" : "Play";
    }
    this.loopButton.setAttribute("aria-pressed", String(clock.loop));
    if (this.slider.max !== String(clock.last)) this.slider.max = clock.last;
    this.slider.value = frame;
    this.slider.style.setProperty("--rbp-done", `${(100 * frame) / Math.max(clock.last, 1)}%`);
    const total = steps[steps.length - 1];
    const words = `${word} ${Math.round(steps[frame])} of ${Math.round(total)}`;
    if (this.text.textContent !== words) {
      this.text.textContent = words;
      this.slider.setAttribute("aria-valuetext", words);
    }
  }
}
