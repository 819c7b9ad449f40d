// GIF89a (CompuServe 1990): one palette for the whole film, found by median cut; of each frame only what has changed.

const BITS = 5; // colours are told apart by five bits a channel
const cell = (r, g, b) => ((r >> (8 - BITS)) << (2 * BITS)) | ((g >> (8 - BITS)) << BITS) | (b >> (8 - BITS));

// 255 colours that cover the films' pixels best, and for each of the 32³ cells the nearest of them.
function palette(shots) {
  const count = new Uint32Array(1 << (3 * BITS));
  for (const shot of shots) for (let i = 0; i < shot.length; i += 4) count[cell(shot[i], shot[i + 1], shot[i + 2])]++;
  const mask = (1 << BITS) - 1;
  const channel = [(c) => (c >> (2 * BITS)) & mask, (c) => (c >> BITS) & mask, (c) => c & mask];
  const used = [...count.keys()].filter((c) => count[c]);
  const measure = (cells) => {
    let [axis, span] = [0, -1];
    channel.forEach((of, k) => {
      const values = cells.map(of);
      const width = Math.max(...values) - Math.min(...values);
      if (width > span) [axis, span] = [k, width];
    });
    return { cells, axis, weight: span * Math.log1p(cells.reduce((sum, c) => sum + count[c], 0)) };
  };
  const boxes = [measure(used)];
  while (boxes.length < 255) {
    boxes.sort((a, b) => b.weight - a.weight);
    const box = boxes[0];
    if (box.cells.length < 2 || box.weight === 0) break;
    const of = channel[box.axis];
    box.cells.sort((a, b) => of(a) - of(b));
    const half = box.cells.reduce((sum, c) => sum + count[c], 0) / 2;
    let [at, sum] = [0, 0];
    while (at < box.cells.length - 2 && sum + count[box.cells[at]] <= half) sum += count[box.cells[at++]];
    boxes.splice(0, 1, measure(box.cells.slice(0, at + 1)), measure(box.cells.slice(at + 1)));
  }
  const colors = new Uint8Array(3 * 256);
  const index = new Uint8Array(count.length);
  boxes.forEach(({ cells }, k) => {
    const total = cells.reduce((sum, c) => sum + count[c], 0);
    channel.forEach((of, j) => {
      const mean = cells.reduce((sum, c) => sum + count[c] * of(c), 0) / total;
      colors[3 * k + j] = Math.round((mean / mask) * 255);
    });
    for (const c of cells) index[c] = k;
  });
  return { colors, index };
}

class Bytes {
  constructor() {
    this.data = new Uint8Array(1 << 20);
    this.length = 0;
  }

  push(...values) {
    this.add(values);
  }

  add(values) {
    if (this.length + values.length > this.data.length) {
      const larger = new Uint8Array(2 * (this.length + values.length));
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(values, this.length);
    this.length += values.length;
  }
}

// LZW with codes of variable width, in blocks of at most 255 bytes.
function compress(pixels, out) {
  const [clear, end] = [256, 257];
  const packed = new Bytes();
  let [buffer, held, width, next] = [0, 0, 9, 258];
  let table = new Map();
  const emit = (code) => {
    buffer |= code << held;
    held += width;
    while (held >= 8) {
      packed.push(buffer & 255);
      buffer >>>= 8;
      held -= 8;
    }
  };
  emit(clear);
  let prefix = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = (prefix << 8) | pixels[i];
    const known = table.get(key);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    emit(prefix);
    if (next === 4096) {
      emit(clear);
      table = new Map();
      [width, next] = [9, 258];
    } else {
      if (next >= 1 << width) width++;
      table.set(key, next++);
    }
    prefix = pixels[i];
  }
  emit(prefix);
  emit(end);
  if (held) packed.push(buffer & 255);
  out.push(8);
  for (let i = 0; i < packed.length; i += 255) {
    const block = packed.data.subarray(i, Math.min(i + 255, packed.length));
    out.push(block.length);
    out.add(block);
  }
  out.push(0);
}

// The smallest rectangle in which two frames differ, or null.
function changed(now, before, width, height) {
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      if (now[i] !== before[i]) {
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        y1 = y;
      }
  return x1 < 0 ? null : [x0, y0, x1 - x0 + 1, y1 - y0 + 1];
}

const TRANSPARENT = 255;
const word = (n) => [n & 255, n >> 8];

// shots: RGBA frames of width × height; the GIF repeats for ever.
export function encode(shots, width, height, fps) {
  const { colors, index } = palette(shots);
  const out = new Bytes();
  out.add([..."GIF89a"].map((c) => c.charCodeAt(0)));
  out.push(...word(width), ...word(height), 0xf7, 0, 0);
  out.add(colors);
  out.push(0x21, 0xff, 11, ...[..."NETSCAPE2.0"].map((c) => c.charCodeAt(0)), 3, 1, 0, 0, 0);
  const delay = word(Math.round(100 / fps));
  let before = null;
  for (const shot of shots) {
    const now = Uint8Array.from({ length: width * height }, (_, i) => index[cell(shot[4 * i], shot[4 * i + 1], shot[4 * i + 2])]);
    const box = before ? changed(now, before, width, height) || [0, 0, 1, 1] : [0, 0, width, height];
    const [x0, y0, w, h] = box;
    const part = new Uint8Array(w * h);
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const i = (y0 + y) * width + x0 + x;
        part[y * w + x] = before && before[i] === now[i] ? TRANSPARENT : now[i];
      }
    out.push(0x21, 0xf9, 4, 0x05, ...delay, TRANSPARENT, 0);
    out.push(0x2c, ...word(x0), ...word(y0), ...word(w), ...word(h), 0);
    compress(part, out);
    before = now;
  }
  out.push(0x3b);
  return out.data.slice(0, out.length);
}
