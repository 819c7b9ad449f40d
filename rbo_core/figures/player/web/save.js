// Pictures and films to take along: the stage as it is drawn, frame by frame of the film's own clock.

import { density } from "./draw.js";
import { encode } from "./gif.js";
import { webm } from "./webm.js";

const FILM = { width: 1920, height: 1080, fps: 30, bits: 12e6 };
const GIF = { width: 720, fps: 12, bytes: 8e6 };
const HOLD = 0.8; // seconds of rest at the film's end
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Everything that is drawn in the stage, on one canvas of `width` × `height` pixels with the page's colour behind it.
function compose(player, canvas) {
  const stage = player.stage.getBoundingClientRect();
  const scale = Math.min(canvas.width / stage.width, canvas.height / stage.height);
  const [left, top] = [(canvas.width - scale * stage.width) / 2, (canvas.height - scale * stage.height) / 2];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [r, g, b] = player.theme.background;
  context.fillStyle = `rgb(${r | 0},${g | 0},${b | 0})`;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const part of player.stage.querySelectorAll("canvas")) {
    const box = part.getBoundingClientRect();
    if (part.hidden || !box.width || !part.width) continue;
    context.drawImage(part, left + scale * (box.left - stage.left), top + scale * (box.top - stage.top), scale * box.width, scale * box.height);
  }
  return canvas;
}

// Draws single frames at a size of its own while `work` runs, and afterwards the page again as it was.
async function apart(player, width, height, work) {
  const stage = player.stage.getBoundingClientRect();
  const clock = player.clock;
  const before = { frame: clock.frame, playing: clock.playing };
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  clock.playing = false;
  player.busy = true;
  density.ratio = Math.min(width / stage.width, height / stage.height);
  const at = (frame) => {
    clock.frame = frame;
    player.paint(performance.now());
    return compose(player, canvas);
  };
  try {
    return await work(at, canvas);
  } finally {
    density.ratio = null;
    player.busy = false;
    Object.assign(clock, before, { then: null });
    player.redraw();
  }
}

function framesOf(player, fps) {
  const { clock } = player;
  const count = Math.max(2, Math.round((clock.duration / clock.speed) * fps));
  const frames = Array.from({ length: count }, (_, i) => (i * clock.last) / (count - 1));
  return [...frames, ...Array.from({ length: Math.round(HOLD * fps) }, () => clock.last)];
}

export async function picture(player) {
  const { width, height } = player.stage.getBoundingClientRect();
  return apart(player, Math.round(2 * width), Math.round(2 * height), async (at, canvas) => {
    at(player.clock.frame);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  });
}

const CODECS = [["vp09.00.40.08", "V_VP9"], ["vp8", "V_VP8"]];

async function encoderFor(fps) {
  for (const [codec, name] of window.VideoEncoder ? CODECS : []) {
    const config = { codec, width: FILM.width, height: FILM.height, bitrate: FILM.bits, framerate: fps };
    if ((await VideoEncoder.isConfigSupported(config)).supported) return { config, name };
  }
  throw new Error("This browser cannot encode films (it does so on https and localhost only); take the GIF, or another browser.");
}

// Every frame carries its own time, so the film's speed does not depend on the machine's.
export async function film(player, progress = () => {}) {
  const { config, name } = await encoderFor(FILM.fps);
  return apart(player, FILM.width, FILM.height, async (at, canvas) => {
    const chunks = [];
    let failed = null;
    const encoder = new VideoEncoder({
      output: (chunk) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        chunks.push({ data, time: Math.round(chunk.timestamp / 1000), key: chunk.type === "key" });
      },
      error: (error) => (failed = error),
    });
    encoder.configure(config);
    const frames = framesOf(player, FILM.fps);
    for (const [i, frame] of frames.entries()) {
      at(frame);
      const shot = new VideoFrame(canvas, { timestamp: Math.round((i * 1e6) / FILM.fps) });
      encoder.encode(shot, { keyFrame: i % (2 * FILM.fps) === 0 });
      shot.close();
      while (encoder.encodeQueueSize > 4) await wait(5);
      if (i % 4 === 0) await wait(0);
      if (failed) throw failed;
      if (progress((i + 1) / frames.length)) break;
    }
    await encoder.flush();
    encoder.close();
    const { width, height } = FILM;
    const milliseconds = (1000 * frames.length) / FILM.fps;
    return new Blob([webm(chunks, { codec: name, width, height, milliseconds })], { type: "video/webm" });
  });
}

export async function gif(player, progress = () => {}) {
  const stage = player.stage.getBoundingClientRect();
  let width = Math.min(GIF.width, Math.round(stage.width));
  for (;;) {
    const height = Math.max(2, Math.round((width * stage.height) / stage.width));
    const bytes = await apart(player, width, height, async (at, canvas) => {
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const shots = [];
      const frames = framesOf(player, GIF.fps);
      for (const [i, frame] of frames.entries()) {
        at(frame);
        shots.push(new Uint8Array(context.getImageData(0, 0, width, height).data.buffer));
        if (progress((0.7 * (i + 1)) / frames.length)) break;
        if (i % 8 === 0) await wait(0);
      }
      return encode(shots, width, height, GIF.fps);
    });
    if (bytes.length <= GIF.bytes) return new Blob([bytes], { type: "image/gif" });
    width = Math.round(width * Math.min(0.9, Math.sqrt(GIF.bytes / bytes.length)));
  }
}

const KINDS = [
  ["Picture (PNG, twice the size)", picture],
  ["Film (1080p)", film],
  ["GIF (at most 8 MB)", gif],
];
const ENDINGS = { "image/png": "png", "video/webm": "webm", "image/gif": "gif" };

// A button in the playback bar that opens the short list of what can be saved.
export class Save {
  constructor(player) {
    this.player = player;
    this.element = document.createElement("details");
    this.element.className = "rbp-save";
    const open = document.createElement("summary");
    open.title = "Save a picture or a film";
    open.setAttribute("aria-label", open.title);
    open.innerHTML = '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="currentColor"><path d="M10.6 3h2.8v8.2h3.9L12 17.4 6.7 11.2h3.9zM5 18.6h14V21H5z"/></svg>';
    this.list = document.createElement("div");
    this.said = document.createElement("p");
    this.said.setAttribute("role", "status");
    for (const [name, take] of KINDS) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => this.take(take));
      this.list.append(button);
    }
    this.list.append(this.said);
    this.element.append(open, this.list);
    this.element.addEventListener("keydown", (e) => e.key === "Escape" && (this.element.open = false));
  }

  async take(make) {
    if (this.player.busy) return;
    this.said.textContent = "Drawing …";
    try {
      const blob = await make(this.player, (share) => {
        this.said.textContent = `Drawing … ${Math.round(100 * share)} %`;
        return !this.element.open; // closing the list cancels
      });
      if (!this.element.open) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `rolling-ball.${ENDINGS[blob.type]}`;
      this.element.append(link); // VS Code saves what is clicked inside of its page
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.said.textContent = `Saved, ${(blob.size / 1e6).toFixed(1)} MB.`;
    } catch (error) {
      this.said.textContent = error.message;
    }
  }
}
