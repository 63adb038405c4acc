/** Slides that are looked at side by side: where a point lies on each screen, and how the others go along with one. */

import type { Point } from "./frame";
import { type Position, radians } from "./position";

/** How large a slide is, in level-0 pixels, and µm for each of them; null: unknown. */
export interface Extent {
  width: number;
  height: number;
  mpp: number | null;
}

const sense = ({ isFlipped }: Position) => (isFlipped ? -1 : 1);

/** From a slide to its screen: pixels from the middle, x to the right, y downwards. */
export function onScreen(position: Position, [x, y]: Point): Point {
  const [right, down] = rotated([x - position.centre[0], position.centre[1] - y], position.degrees);
  return [(sense(position) * right) / position.downsample, down / position.downsample];
}

/** And back. */
export function onSlide(position: Position, [right, down]: Point): Point {
  const by = position.downsample;
  const [dx, dy] = rotated([sense(position) * right * by, down * by], -position.degrees);
  return [position.centre[0] + dx, position.centre[1] - dy];
}

/** Where a slide goes that was at `base` when another was at `from`, now that the other is at `to`. */
export function along(base: Position, from: Position, to: Position): Position {
  const turned = sense(from) * (to.degrees - from.degrees);
  return {
    centre: onSlide(base, onScreen(from, to.centre)),
    downsample: base.downsample * (to.downsample / from.downsample),
    degrees: base.degrees + sense(base) * turned,
    isFlipped: base.isFlipped,
  };
}

/** As large by the scale as the leader is seen; as it was, where a scale is unknown. */
export function asLarge(position: Position, other: Extent, leader: Position, slide: Extent): Position {
  if (slide.mpp === null || other.mpp === null) return position;
  return { ...position, downsample: leader.downsample * pixelsEach(slide, other) };
}

/** How many pixels of another slide are as long as one of this; by their sizes where a scale is unknown. */
export function pixelsEach(slide: Extent, other: Extent): number {
  if (slide.mpp !== null && other.mpp !== null) return slide.mpp / other.mpp;
  return Math.max(other.width, other.height) / Math.max(slide.width, slide.height);
}

/** Where a slide that is opened beside another begins: as far from its middle, as large, turned as the other is. */
export function beside(position: Position, slide: Extent, other: Extent): Position {
  const each = pixelsEach(slide, other);
  const from = (side: number, of: number, middle: number) => Math.min(of, Math.max(0, of / 2 + (side - middle) * each));
  return {
    ...position,
    centre: [from(position.centre[0], other.width, slide.width / 2), from(position.centre[1], other.height, slide.height / 2)],
    downsample: position.downsample * each,
  };
}

/** Clockwise, where y goes downwards. */
function rotated([x, y]: Point, degrees: number): Point {
  const turn = radians(degrees);
  return [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
}
