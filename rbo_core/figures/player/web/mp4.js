// MP4 (ISO 14496-12 and 14496-15): one track of H.264, all samples of one length, the index before the pictures.

const text = (letters) => Array.from(letters, (c) => c.charCodeAt(0));
const u16 = (n) => [(n >> 8) & 255, n & 255];
const u32 = (n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const zeros = (n) => new Array(n).fill(0);
const UNIT = [...u32(0x10000), ...zeros(12), ...u32(0x10000), ...zeros(12), ...u32(0x40000000)]; // nothing turned or scaled

const box = (name, ...content) => {
  const body = content.flat();
  return [...u32(body.length + 8), ...text(name), ...body];
};
const full = (name, flags, ...content) => box(name, u32(flags), ...content);

// chunks: {data, key}, in the order of the film; description: the decoder's record (avcC); fps: pictures a second.
export function mp4(chunks, { description, width, height, fps }) {
  const n = chunks.length;
  const sample = [...zeros(6), ...u16(1), ...zeros(16), ...u16(width), ...u16(height), ...u32(0x480000), ...u32(0x480000), ...zeros(4),
    ...u16(1), ...zeros(32), ...u16(24), ...u16(0xffff), ...box("avcC", Array.from(description))];
  const keys = chunks.flatMap(({ key }, k) => (key ? [u32(k + 1)] : [])).flat();
  const head = box("ftyp", text("isom"), u32(512), text("isomiso2avc1mp41"));
  const index = (first) => box("moov",
    full("mvhd", 0, zeros(8), u32(fps), u32(n), u32(0x10000), u16(0x100), zeros(10), UNIT, zeros(24), u32(2)),
    box("trak",
      full("tkhd", 3, zeros(8), u32(1), zeros(4), u32(n), zeros(16), UNIT, u32(width << 16), u32(height << 16)),
      box("mdia",
        full("mdhd", 0, zeros(8), u32(fps), u32(n), u16(0x55c4), zeros(2)),
        full("hdlr", 0, zeros(4), text("vide"), zeros(12), text("film\0")),
        box("minf",
          full("vmhd", 1, zeros(8)),
          box("dinf", full("dref", 0, u32(1), full("url ", 1))),
          box("stbl",
            full("stsd", 0, u32(1), box("avc1", sample)),
            full("stts", 0, u32(1), u32(n), u32(1)),
            full("stss", 0, u32(keys.length / 4), keys),
            full("stsc", 0, u32(1), u32(1), u32(n), u32(1)),
            full("stsz", 0, u32(0), u32(n), chunks.flatMap(({ data }) => u32(data.length))),
            full("stco", 0, u32(1), u32(first)))))));
  const before = Uint8Array.from([...head, ...index(head.length + index(0).length + 8)]);
  const size = chunks.reduce((sum, { data }) => sum + data.length, 0);
  return [before, Uint8Array.from([...u32(size + 8), ...text("mdat")]), ...chunks.map(({ data }) => data)];
}
