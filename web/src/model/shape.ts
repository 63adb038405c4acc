/** A shape as the screen needs it: plain numbers, in the map's frame (y upwards). */

import type { Annotation } from "../api/shapes";
import type { Point } from "./frame";

export type Box = [minX: number, minY: number, maxX: number, maxY: number];
/** A shape that has no number yet goes by its key. */
export type ShapeId = number | string;

export const isSaved = (id: ShapeId | undefined): id is number => typeof id === "number";

export interface Part {
  kind: "area" | "line" | "point";
  /** x, y, x, y, …; of areas one ring, whether it is the outer one or a hole. */
  flat: Float64Array;
}

export interface Shape {
  id: ShapeId;
  /** The text that the parts were read from. */
  location: string;
  parts: Part[];
  box: Box;
  terms: number[];
  /** The copy that a reviewer accepted. */
  reviewed: boolean;
}

export function fromAnnotation(one: Annotation, reviewed = false): Shape {
  return shapeOf(one.id, one.location, one.term, reviewed);
}

export function shapeOf(id: ShapeId, location: string, terms: number[], reviewed = false): Shape {
  const parts = readParts(location);
  return { id, location, parts, box: boxOf(parts), terms, reviewed };
}

const KINDS: Record<string, Part["kind"]> = { POINT: "point", LINESTRING: "line", LINEARRING: "line", POLYGON: "area" };

/** Every list of coordinates in a WKT, whatever it is nested in. */
export function readParts(wkt: string): Part[] {
  const parts: Part[] = [];
  let kind: Part["kind"] = "point";
  for (const [, word, numbers] of wkt.matchAll(/([A-Z]+)|\(([^()]+)\)/g)) {
    if (word) kind = KINDS[word.replace("MULTI", "")] ?? kind;
    else if (/\d/.test(numbers)) parts.push({ kind, flat: readFlat(numbers) });
  }
  return parts;
}

function readFlat(numbers: string): Float64Array {
  const pairs = numbers.split(",");
  const flat = new Float64Array(2 * pairs.length);
  for (let k = 0; k < pairs.length; k++) {
    const pair = pairs[k].trim();
    const space = pair.indexOf(" ");
    flat[2 * k] = Number.parseFloat(pair);
    flat[2 * k + 1] = Number.parseFloat(pair.slice(space + 1));
  }
  return flat;
}

export function boxOf(parts: Part[]): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { flat } of parts)
    for (let k = 0; k < flat.length; k += 2) {
      box[0] = Math.min(box[0], flat[k]);
      box[1] = Math.min(box[1], flat[k + 1]);
      box[2] = Math.max(box[2], flat[k]);
      box[3] = Math.max(box[3], flat[k + 1]);
    }
  return box;
}

export const sizeOf = ({ box }: Shape) => (box[2] - box[0]) * (box[3] - box[1]);

/** Whether its longer side is so long at least. */
export const isLarge = ({ box }: Shape, side: number) => Math.max(box[2] - box[0], box[3] - box[1]) >= side;

export const touch = (one: Box, other: Box) =>
  one[0] <= other[2] && one[2] >= other[0] && one[1] <= other[3] && one[3] >= other[1];

export const grown = (box: Box, by: number): Box => [box[0] - by, box[1] - by, box[2] + by, box[3] + by];

/** Whether a shape lies under a point, or passes it within a distance. */
export function isAt(shape: Shape, point: Point, near: number): boolean {
  if (!touch(grown(shape.box, near), [...point, ...point])) return false;
  const inside = shape.parts.filter((part) => part.kind === "area" && isInRing(part.flat, point)).length % 2 === 1;
  return inside || shape.parts.some((part) => distanceTo(part, point) <= near);
}

export function isInRing(flat: ArrayLike<number>, [x, y]: Point): boolean {
  let inside = false;
  for (let k = 0, last = flat.length - 2; k < flat.length; last = k, k += 2) {
    const crosses = flat[k + 1] > y !== flat[last + 1] > y;
    if (crosses && x < flat[k] + ((y - flat[k + 1]) * (flat[last] - flat[k])) / (flat[last + 1] - flat[k + 1])) inside = !inside;
  }
  return inside;
}

function distanceTo({ kind, flat }: Part, [x, y]: Point): number {
  let least = Math.hypot(flat[0] - x, flat[1] - y);
  for (let k = 2; k < flat.length; k += 2) {
    const from = kind === "point" ? k : k - 2;
    const [dx, dy] = [flat[k] - flat[from], flat[k + 1] - flat[from + 1]];
    const long = dx * dx + dy * dy;
    const along = long ? Math.min(1, Math.max(0, ((x - flat[from]) * dx + (y - flat[from + 1]) * dy) / long)) : 0;
    least = Math.min(least, Math.hypot(flat[from] + along * dx - x, flat[from + 1] + along * dy - y));
  }
  return least;
}
