import { crc32, deflateSync, inflateSync } from 'node:zlib';

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 0xRRGGBB of each pixel, row by row. */
  readonly colours: Uint32Array;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const maxColours = 256;

/**
 * The same picture with a palette, less than half as big: the 256 most frequent colours stay as they are, each other becomes the one that is nearest
 * to it. For pictures as Chromium writes them, with 8 bits for each of red, green and blue.
 */
export const shrinkPng = (png: Buffer): Buffer => {
  const { width, height, colours } = decode(png);
  const palette = mostFrequent(colours);
  const indexOf = new Map(palette.map((colour, index) => [colour, index]));
  const lines = Buffer.alloc(height * (width + 1)); // each begins with 0: no filter
  for (const [at, colour] of colours.entries()) {
    const index = indexOf.get(colour) ?? nearest(palette, colour);
    indexOf.set(colour, index);
    lines[at + Math.floor(at / width) + 1] = index;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // 8 bits, with a palette
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channelsOf))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

const mostFrequent = (colours: Uint32Array): readonly number[] => {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, maxColours)
    .map(([colour]) => colour);
};

const channelsOf = (colour: number): readonly [number, number, number] => [
  colour >> 16,
  (colour >> 8) & 0xff,
  colour & 0xff,
];

const nearest = (palette: readonly number[], colour: number): number => {
  const [red, green, blue] = channelsOf(colour);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, each] of palette.entries()) {
    const [r, g, b] = channelsOf(each);
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
};

const decode = (png: Buffer): Pixels => {
  const chunks = [...chunksOf(png)];
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (header === undefined || header[8] !== 8 || header[9] !== 2 || header[12] !== 0)
    throw new Error('only PNG with 8 bits for each of red, green and blue can be made smaller');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = chunks.filter(({ type }) => type === 'IDAT').map((each) => each.data);
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * 3, height);
  const colours = new Uint32Array(width * height);
  for (let at = 0; at < colours.length; at += 1) colours[at] = bytes.readUIntBE(at * 3, 3);
  return { width, height, colours };
};

function* chunksOf(png: Buffer): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

/** Each line has a byte that says from which neighbours its bytes were predicted: left, above, both, or the Paeth predictor. */
const unfilter = (lines: Buffer, lineLength: number, height: number): Buffer => {
  const bytes = Buffer.alloc(lineLength * height);
  for (let y = 0; y < height; y += 1) {
    const filter = lines[y * (lineLength + 1)];
    for (let x = 0; x < lineLength; x += 1) {
      const at = y * lineLength + x;
      const left = x < 3 ? 0 : (bytes[at - 3] ?? 0);
      const above = y === 0 ? 0 : (bytes[at - lineLength] ?? 0);
      const aboveLeft = x < 3 || y === 0 ? 0 : (bytes[at - lineLength - 3] ?? 0);
      const predicted =
        [0, left, above, (left + above) >> 1, paeth(left, above, aboveLeft)][filter ?? 0] ?? 0;
      bytes[at] = (lines[at + y + 1] ?? 0) + predicted; // the buffer keeps the lowest 8 bits
    }
  }
  return bytes;
};

const paeth = (left: number, above: number, aboveLeft: number): number => {
  const estimate = left + above - aboveLeft;
  const [a, b, c] = [left, above, aboveLeft].map((each) => Math.abs(estimate - each)) as [
    number,
    number,
    number,
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? above : aboveLeft;
};

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
};
