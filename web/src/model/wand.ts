/** Finds what looks alike around a point of a picture, and its outline. */

import type { Point } from "./frame";

/** Pixels row by row, four samples each (red, green, blue, and one that does not count). */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** Holes and islands that are smaller are specks. In pixels of the picture. */
const SPECK = 40;

/** Each pixel as the mean of the nine about it: noise makes no ragged edges. */
export function blurred({ width, height, data }: Picture): Picture {
  const across = new Uint8ClampedArray(data.length);
  const done = new Uint8ClampedArray(data.length);
  mean(data, across, data.length, 4, (at) => (at >> 2) % width > 0, (at) => (at >> 2) % width < width - 1);
  const row = 4 * width;
  mean(across, done, data.length, row, (at) => at >= row, (at) => at < row * (height - 1));
  return { width, height, data: done };
}

function mean(from: Uint8ClampedArray, to: Uint8ClampedArray, end: number, step: number, hasBefore: (at: number) => boolean, hasAfter: (at: number) => boolean): void {
  for (let at = 0; at < end; at++) {
    const before = hasBefore(at) ? from[at - step] : from[at];
    const after = hasAfter(at) ? from[at + step] : from[at];
    to[at] = (before + from[at] + after) / 3;
  }
}

/** The pixels that hang together with one and whose colour differs from its by `reach` at most (0 to 441). */
export function alike({ width, height, data }: Picture, [x, y]: Point, reach: number): Uint8Array {
  const found = new Uint8Array(width * height);
  const [seedX, seedY] = [Math.floor(x), Math.floor(y)];
  if (seedX < 0 || seedY < 0 || seedX >= width || seedY >= height) return found;
  const seed = seedY * width + seedX;
  const [red, green, blue] = data.subarray(4 * seed, 4 * seed + 3);
  const most = reach * reach;
  const fits = (at: number) => {
    const [r, g, b] = [data[4 * at] - red, data[4 * at + 1] - green, data[4 * at + 2] - blue];
    return !found[at] && r * r + g * g + b * b <= most;
  };
  const waiting = [seed];
  while (waiting.length) {
    let at = waiting.pop()!;
    if (!fits(at)) continue;
    const row = Math.floor(at / width) * width;
    while (at > row && fits(at - 1)) at--;
    for (let isAbove = false, isBelow = false; at < row + width && fits(at); at++) {
      found[at] = 1;
      const above = at >= width && fits(at - width);
      const below = at + width < found.length && fits(at + width);
      if (above && !isAbove) waiting.push(at - width);
      if (below && !isBelow) waiting.push(at + width);
      [isAbove, isBelow] = [above, below];
    }
  }
  return found;
}

const WAYS = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const;

/** The rings around what is found, along the edges of pixels; specks are left out. */
export function outlinesOf(found: Uint8Array, width: number, height: number): Point[][] {
  const side = width + 1;
  /** The ways that lead on from each corner, one bit each, with what is found on their right. */
  const ways = new Uint8Array(side * (height + 1));
  const isIn = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && found[y * width + x] === 1;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!isIn(x, y)) continue;
      if (!isIn(x, y - 1)) ways[y * side + x] |= 1;
      if (!isIn(x + 1, y)) ways[y * side + x + 1] |= 2;
      if (!isIn(x, y + 1)) ways[(y + 1) * side + x + 1] |= 4;
      if (!isIn(x - 1, y)) ways[(y + 1) * side + x] |= 8;
    }
  const rings: Point[][] = [];
  for (let corner = 0; corner < ways.length; corner++) while (ways[corner]) rings.push(walk(ways, corner, side));
  return rings.filter((ring) => areaOf(ring) >= SPECK);
}

/** One way round, which is used up by it; a corner is told where it turns. */
function walk(ways: Uint8Array, start: number, side: number): Point[] {
  const ring: Point[] = [];
  let at = start;
  let way = -1;
  do {
    // To the right first: pixels that touch at a corner alone do not hang together.
    const next = way < 0 ? WAYS.findIndex((_, k) => ways[at] & (1 << k)) : [way + 1, way, way + 3].map((k) => k % 4).find((k) => ways[at] & (1 << k))!;
    if (next !== way) ring.push([at % side, Math.floor(at / side)]);
    ways[at] &= ~(1 << next);
    way = next;
    at += WAYS[way][0] + WAYS[way][1] * side;
  } while (at !== start);
  return ring;
}

function areaOf(ring: Point[]): number {
  let area = 0;
  ring.forEach(([x, y], k) => {
    const [toX, toY] = ring[(k + 1) % ring.length];
    area += x * toY - toX * y;
  });
  return Math.abs(area) / 2;
}
