// @ts-check
/** PNG files with a palette: a screenshot has few colours, and with a byte a pixel it is a third of the size. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/**
 * The same picture in at most 256 colours: the commonest stay as they are, any other becomes the nearest of them.
 * @param {Buffer} png eight bits a channel, with or without transparency, not interlaced, as browsers write it
 */
export function indexed(png) {
  const { width, height, channels, rows } = decoded(png);
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let at = 0; at < rows.length; at += channels) {
    const colour = rows.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, MOST_COLOURS)
    .map(([colour]) => colour);
  const indices = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, palette)]));
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0, at = 0; y < height; y++) {
    // The first byte of a line names its filter: none.
    for (let x = 0; x < width; x++, at += channels) {
      lines[y * (width + 1) + 1 + x] = indices.get(rows.readUIntBE(at, 3)) ?? 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const colours = Buffer.from(palette.flatMap(parts));
  const chunks = [chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', deflateSync(lines, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

/** @param {Buffer} png */
function decoded(png) {
  const packed = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') packed.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const channels = png[25] === 6 ? 4 : 3;
  return { width, height, channels, rows: unfiltered(inflateSync(Buffer.concat(packed)), width * channels, channels) };
}

/**
 * The bytes of all lines, the differences that they were stored as taken back (PNG specification, section 9).
 * @param {Buffer} lines
 * @param {number} length of a line in bytes
 * @param {number} channels
 */
function unfiltered(lines, length, channels) {
  const rows = Buffer.alloc((lines.length / (length + 1)) * length);
  const byte = (/** @type {number} */ at) => rows[at] ?? 0;
  for (let from = 0, to = 0; from < lines.length; from += length + 1, to += length) {
    for (let x = 0; x < length; x++) {
      const left = x >= channels ? byte(to + x - channels) : 0;
      const above = to > 0 ? byte(to + x - length) : 0;
      const corner = x >= channels && to > 0 ? byte(to + x - length - channels) : 0;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][lines[from] ?? 0] ?? 0;
      rows[to + x] = (lines[from + 1 + x] ?? 0) + guess;
    }
  }
  return rows;
}

/**
 * @param {number} left
 * @param {number} above
 * @param {number} corner
 */
function paeth(left, above, corner) {
  const [toLeft, toAbove, toCorner] = [
    Math.abs(above - corner),
    Math.abs(left - corner),
    Math.abs(left + above - 2 * corner),
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/**
 * @param {number} colour
 * @param {readonly number[]} palette
 */
function nearest(colour, palette) {
  const [red = 0, green = 0, blue = 0] = parts(colour);
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [index, candidate] of palette.entries()) {
    const [r = 0, g = 0, b = 0] = parts(candidate);
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/** @param {number} colour */
function parts(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
