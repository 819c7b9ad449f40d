// Pictures and films to take along: the stage as it is drawn, frame by frame of the film's own clock.

import { density } from "./draw.js";
import { encode } from "./gif.js";
import { mp4 } from "./mp4.js";
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

const WEBM = [["vp09.00.40.08", "V_VP9"], ["vp8", "V_VP8"]];
const MP4 = [["avc1.640028"], ["avc1.4d0028"], ["avc1.42e028"]]; // H.264: high, main and baseline profile

async function encoderFor(codecs, instead) {
  if (!window.VideoEncoder) throw new Error("A browser encodes films on https and localhost only, and in a page opened from a file: take the offline page, or the GIF.");
  for (const [codec, name] of codecs) {
    const config = { codec, width: FILM.width, height: FILM.height, bitrate: FILM.bits, framerate: FILM.fps };
    if ((await VideoEncoder.isConfigSupported(config)).supported) return { config, name };
  }
  throw new Error(`This browser cannot encode ${instead}`);
}

// Every frame carries its own time, so the film's speed does not depend on the machine's. Returns {chunks, description, count}.
async function encoded(player, config, progress) {
  return apart(player, FILM.width, FILM.height, async (at, canvas) => {
    const chunks = [];
    let [failed, description] = [null, null];
    const encoder = new VideoEncoder({
      output: (chunk, about) => {
        description = about?.decoderConfig?.description ?? description;
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        chunks.push({ data, time: Math.round(chunk.timestamp / 1000), key: chunk.type === "key" });
      },
      error: (error) => (failed = error),
    });
    encoder.configure(config);
    const frames = framesOf(player, FILM.fps);
    let count = 0;
    for (const frame of frames) {
      if (frame !== frames[count - 1]) at(frame); // the film rests at its end
      const shot = new VideoFrame(canvas, { timestamp: Math.round((count * 1e6) / FILM.fps) });
      encoder.encode(shot, { keyFrame: count % (2 * FILM.fps) === 0 });
      shot.close();
      count += 1;
      while (encoder.encodeQueueSize > 4) await wait(5);
      if (count % 4 === 0) await wait(0);
      if (failed) throw failed;
      if (progress(count / frames.length)) break;
    }
    await encoder.flush();
    encoder.close();
    return { chunks, description, count };
  });
}

export async function film(player, progress = () => {}) {
  const { config, name } = await encoderFor(WEBM, "WebM; take the MP4 or the GIF.");
  const { chunks, count } = await encoded(player, config, progress);
  const { width, height, fps } = FILM;
  return new Blob([webm(chunks, { codec: name, width, height, milliseconds: (1000 * count) / fps })], { type: "video/webm" });
}

// For slides and phones, which do not all play WebM. Not every browser is built with an encoder of H.264.
export async function movie(player, progress = () => {}) {
  const { config } = await encoderFor(MP4, "MP4 (H.264); take the WebM or the GIF.");
  // one picture after the other: players differ in how they take pictures that are sent before their turn
  const { chunks, description } = await encoded(player, { ...config, latencyMode: "realtime", avc: { format: "avc" } }, progress);
  return new Blob(mp4(chunks, { ...FILM, description: new Uint8Array(description) }), { type: "video/mp4" });
}

// limit: bytes that it may have; it is drawn smaller until it does.
export async function gif(player, progress = () => {}, limit = GIF.bytes) {
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
    if (bytes.length <= limit) return new Blob([bytes], { type: "image/gif" });
    width = Math.round(width * Math.min(0.9, Math.sqrt(limit / bytes.length)));
  }
}

const KINDS = [
  ["Picture (PNG, twice the size)", picture],
  ["Film (MP4, 1080p)", movie],
  ["Film (WebM, 1080p)", film],
  ["GIF (at most 8 MB)", gif],
];
const ENDINGS = { "image/png": "png", "video/mp4": "mp4", "video/webm": "webm", "image/gif": "gif" };

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
