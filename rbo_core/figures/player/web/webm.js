// WebM (a subset of Matroska, RFC 9559): one video track, every frame with the time that it has in the film.

const utf8 = (text) => new TextEncoder().encode(text);

function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function whole(value, length = 0) {
  const bytes = [];
  for (let rest = value; rest > 0 || bytes.length < Math.max(length, 1); rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

function real(value) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setFloat64(0, value);
  return out;
}

// An element: its identifier, its size in eight bytes, and what it holds.
function element(id, ...content) {
  const body = join(content);
  const size = whole(body.length, 8);
  size[0] |= 0x01;
  return join([whole(id), size, body]);
}

// chunks: {data, time in ms, key}; milliseconds: the film's length.
export function webm(chunks, { codec, width, height, milliseconds }) {
  const head = element(0x1a45dfa3, element(0x4286, whole(1)), element(0x42f7, whole(1)), element(0x42f2, whole(4)), element(0x42f3, whole(8)),
    element(0x4282, utf8("webm")), element(0x4287, whole(4)), element(0x4285, whole(2)));
  const maker = utf8("rolling-ball lab");
  const info = element(0x1549a966, element(0x2ad7b1, whole(1e6)), element(0x4d80, maker), element(0x5741, maker), element(0x4489, real(milliseconds)));
  const size = element(0xe0, element(0xb0, whole(width)), element(0xba, whole(height)));
  const track = element(0xae, element(0xd7, whole(1)), element(0x73c5, whole(1)), element(0x83, whole(1)), element(0x86, utf8(codec)), size);
  const clusters = [];
  for (const { data, time, key } of chunks) {
    if (key || !clusters.length) clusters.push({ time, blocks: [element(0xe7, whole(time))] });
    const cluster = clusters[clusters.length - 1];
    const place = whole(time - cluster.time, 2);
    cluster.blocks.push(element(0xa3, Uint8Array.from([0x81, place[0], place[1], key ? 0x80 : 0]), data));
  }
  const body = clusters.map(({ blocks }) => element(0x1f43b675, ...blocks));
  return join([head, element(0x18538067, info, element(0x1654ae6b, track), ...body)]);
}
