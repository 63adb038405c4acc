/**
 * The two frames, and the one place where one is turned into the other.
 *
 * Shapes are in Cytomine's frame: level-0 pixels, y upwards from the bottom edge; the map's axes go the same way, so
 * shapes stand in it as they come. What people read and write (the address) is in image order: y downwards from the top.
 */

export type Point = [x: number, y: number];

/** There and back: the same turn. */
export function turned([x, y]: Point, height: number): Point {
  return [x, height - y];
}
