/** What lies in a box that somebody drew over shapes, whether each of them is on the screen or how dense they lie. */

import { MOST_AT_ONCE, listShapes } from "./annotations";
import type { Point } from "./frame";
import { type Shape, fromAnnotation, isInRing } from "./shape";

export interface InBox {
  shapes: Shape[];
  /** How many touch it, if they are more than can be changed at once: none of them is told then. */
  tooMany?: number;
}

type Ask = typeof listShapes;

/** A shape lies in the box where its middle does. */
export async function findInBox(image: number, filter: Record<string, string>, corners: Point[], ask: Ask = listShapes): Promise<InBox> {
  const bbox = `POLYGON((${corners.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join(",")}))`;
  const { collection, size } = await ask({ image, ...filter, bbox, max: MOST_AT_ONCE });
  if (size > MOST_AT_ONCE) return { shapes: [], tooMany: size };
  const ring = corners.flat();
  return { shapes: collection.map((one) => fromAnnotation(one, filter.reviewed === "true")).filter(({ box }) => isInRing(ring, middleOf(box))) };
}

const middleOf = ([minX, minY, maxX, maxY]: Shape["box"]): Point => [(minX + maxX) / 2, (minY + maxY) / 2];
