/** A shape that was copied, to be put on another slide, or on the same one again. */

import { mapped } from "./edits";
import type { Point } from "./frame";
import { type Extent, onScreen, onSlide, pixelsEach } from "./linking";
import type { Position } from "./position";
import { boxOf, readParts } from "./shape";

/** How far a copy on the same slide lies from what it was copied from, in pixels of the screen. */
const ASIDE_PX = 16;

export interface Copied {
  image: number;
  location: string;
  terms: number[];
  slide: Extent;
  /** Where the slide was looked at when it was copied. */
  position: Position;
}

/** A slide that a copy is put on, and how large its screen is. */
export interface Onto {
  image: number;
  slide: Extent;
  position: Position;
  screen: Point;
}

/** The copied shape on another slide: at the same place of the screen, turned as it is seen, and as large by the scale. */
export function pasted({ image, location, slide, position }: Copied, onto: Onto): string {
  const aside = image === onto.image ? ASIDE_PX : 0;
  const [minX, minY, maxX, maxY] = boxOf(readParts(location));
  const middle = onScreen(position, [(minX + maxX) / 2, (minY + maxY) / 2]);
  const to = middle.map((one, k) => Math.min(onto.screen[k] / 2, Math.max(-onto.screen[k] / 2, one + aside)));
  const each = (image === onto.image ? 1 : pixelsEach(slide, onto.slide)) * (position.downsample / onto.position.downsample);
  return mapped(location, (point) => {
    const [right, down] = onScreen(position, point);
    return onSlide(onto.position, [to[0] + (right - middle[0]) * each, to[1] + (down - middle[1]) * each]);
  });
}

/** Kept in this tab, and for who copied it alone. */
export function createClipboard(user: number, storage: Pick<Storage, "getItem" | "setItem"> = sessionStorage) {
  const name = `atrisys.copied.${user}`;
  return {
    put: (copied: Copied) => storage.setItem(name, JSON.stringify(copied)),
    get: () => JSON.parse(storage.getItem(name) ?? "null") as Copied | null,
  };
}

export type Clipboard = ReturnType<typeof createClipboard>;
