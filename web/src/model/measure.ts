/** Lengths and areas, in level-0 pixels, of what is not saved. */

import type { Point } from "./frame";

export interface Measured {
  length: number;
  /** Of the way closed by a straight line; 0 until it has three corners. */
  area: number;
}

export function measureWay(way: Point[]): Measured {
  let [length, area] = [0, 0];
  for (let k = 0; k < way.length; k++) {
    const [[x, y], [toX, toY]] = [way[k], way[(k + 1) % way.length]];
    if (k < way.length - 1) length += Math.hypot(toX - x, toY - y);
    area += x * toY - toX * y;
  }
  return { length, area: Math.abs(area) / 2 };
}

export interface Quantity {
  value: number;
  unit: "µm" | "mm" | "px" | "µm²" | "mm²" | "px²";
}

/** `mpp`: µm for each level-0 pixel, null where unknown. */
export function inUnits(pixels: number, mpp: number | null, power: 1 | 2): Quantity {
  const [small, large, none] = power === 1 ? (["µm", "mm", "px"] as const) : (["µm²", "mm²", "px²"] as const);
  if (mpp === null) return { value: pixels, unit: none };
  const value = pixels * mpp ** power;
  const step = 1000 ** power;
  return value >= step ? { value: value / step, unit: large } : { value, unit: small };
}

/** A measure of a saved shape, in the units that the server tells (Cytomine's). */
export function fromServer(value: number, unit: string): Quantity {
  if (unit === "micron²") return inUnits(value, 1, 2);
  if (unit === "mm") return inUnits(1000 * value, 1, 1);
  return inUnits(value, null, unit.endsWith("²") ? 2 : 1);
}
