/** Magnification as a microscope has it, whatever the scanner: 10x is 1 µm for each pixel of the screen. */

import type { Point } from "./frame";

export const POWERS = [1, 2.5, 5, 10, 20, 40];
const UM_AT_1 = 10;
/** Two that differ by less are the same. */
const SAME = 1.01;

/** What is known of a slide's scale. */
export interface Scale {
  /** µm for each level-0 pixel. */
  mpp: number | null;
  /** Of the objective that it was scanned with. */
  magnification: number | null;
}

/** At full resolution; null where nothing is known. */
function native({ mpp, magnification }: Scale): number | null {
  return mpp ? UM_AT_1 / mpp : magnification || null;
}

export function magnificationAt(downsample: number, scale: Scale): number | null {
  const at = native(scale);
  return at && at / downsample;
}

export function downsampleFor(power: number, scale: Scale): number | null {
  const at = native(scale);
  return at && at / power;
}

/** The next of the usual ones, up or down; the last one where there is none. */
export function stepped(now: number, by: 1 | -1): number {
  if (by > 0) return POWERS.find((one) => one > now * SAME) ?? POWERS.at(-1)!;
  return POWERS.findLast((one) => one * SAME < now) ?? POWERS[0];
}

/** A place, in level-0 pixels from the top left, or a magnification. */
export type Wish = { place: Point } | { power: number };

/** "10x", "1200, 3400" or "300; 850 µm"; undefined where it says neither. */
export function readWish(text: string, { mpp }: Scale): Wish | undefined {
  const power = /^\s*(\d+(?:\.\d+)?)\s*[x×]\s*$/i.exec(text);
  if (power) return Number(power[1]) > 0 ? { power: Number(power[1]) } : undefined;
  const place = /^\s*(\d+(?:\.\d+)?)(?:\s*[,;]\s*|\s+)(\d+(?:\.\d+)?)\s*(px|µm|μm|um)?\s*$/i.exec(text);
  if (!place) return undefined;
  const isPixels = !place[3] || place[3].toLowerCase() === "px";
  if (!isPixels && !mpp) return undefined;
  const each = isPixels ? 1 : mpp!;
  return { place: [Number(place[1]) / each, Number(place[2]) / each] };
}
