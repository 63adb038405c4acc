/** Where somebody looks, as the address says it: centre in level-0 pixels from the top left, downsample, degrees. */

import { type Point, turned } from "./frame";

export interface Place {
  /** In the map's frame (y upwards). */
  centre: Point;
  /** Level-0 pixels for each pixel of the screen. */
  downsample: number;
  /** Clockwise, before the picture is mirrored. */
  degrees: number;
}

export interface Position extends Place {
  /** Seen as in a mirror: left is right. */
  isFlipped: boolean;
}

export type Query = Record<string, string>;

export const radians = (degrees: number) => (degrees * Math.PI) / 180;
export const inDegrees = (angle: number) => (angle * 180) / Math.PI;

export function toQuery(position: Position, height: number): Query {
  const [x, y] = turned(position.centre, height);
  const query: Query = { x: x.toFixed(0), y: y.toFixed(0), d: String(Number(position.downsample.toPrecision(4))) };
  const degrees = ((Math.round(position.degrees) % 360) + 360) % 360;
  if (degrees) query.r = String(degrees);
  if (position.isFlipped) query.mirror = "1";
  return query;
}

/** What an address says; undefined where it says nothing, or nonsense. */
export function fromQuery(query: Record<string, unknown>, height: number): Position | undefined {
  const [x, y, downsample] = ["x", "y", "d"].map((name) => Number.parseFloat(String(query[name])));
  if (![x, y, downsample].every(Number.isFinite) || downsample <= 0) return undefined;
  const degrees = Number.parseFloat(String(query.r));
  return { centre: turned([x, y], height), downsample, degrees: Number.isFinite(degrees) ? degrees : 0, isFlipped: query.mirror === "1" };
}
