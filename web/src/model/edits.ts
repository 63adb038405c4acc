/** Edits of shapes as pure functions: a WKT in, another out; null where nothing would be left. */

import { Clipper, ClipType, EndType, FillRule, JoinType, type Path64, type PolyPath64, PolyTree64 } from "clipper2-ts";
import type { Point } from "./frame";
import { type Box, readParts } from "./shape";

/** What is drawn over a shape does to it. */
export type How = "add" | "subtract" | "intersect" | "exclude";

/** Clipper counts in whole numbers: hundredths of a pixel, as the page writes them. */
const FINE = 100;
const OPERATIONS = { add: ClipType.Union, subtract: ClipType.Difference, intersect: ClipType.Intersection, exclude: ClipType.Xor };
const CORNERS_OF_ELLIPSE = 72;

export function isArea(location: string): boolean {
  const parts = readParts(location);
  return parts.length > 0 && parts.every((part) => part.kind === "area");
}

export function combine(shape: string, drawn: string, how: How): string | null {
  const tree = new PolyTree64();
  // Rings that a hand drew over themselves count as one area.
  const other = Clipper.booleanOp(ClipType.Union, pathsOf(drawn), null, FillRule.NonZero);
  const one = Clipper.booleanOp(ClipType.Union, pathsOf(shape), null, FillRule.EvenOdd);
  Clipper.booleanOpWithPolyTree(OPERATIONS[how], one, other, tree, FillRule.EvenOdd);
  return written(tree);
}

/** The same without what others cover; null where nothing is left. */
export function without(shape: string, others: string[]): string | null {
  const tree = new PolyTree64();
  const away = others.flatMap((one) => Clipper.booleanOp(ClipType.Union, pathsOf(one), null, FillRule.EvenOdd));
  const covered = Clipper.booleanOp(ClipType.Union, away, null, FillRule.NonZero);
  Clipper.booleanOpWithPolyTree(ClipType.Difference, pathsOf(shape), covered, tree, FillRule.EvenOdd);
  return written(tree);
}

/** What rings hold, each other one being a hole, as far as it lies in a box; their edges give way by `tolerance`. */
export function outlined(rings: Point[][], tolerance: number, [minX, minY, maxX, maxY]: Box): string | null {
  const tree = new PolyTree64();
  const thin = Clipper.ramerDouglasPeuckerPaths(rings.map((ring) => ring.map(fine)), tolerance * FINE);
  const whole = Clipper.booleanOp(ClipType.Union, thin, null, FillRule.EvenOdd);
  const within = [([[minX, minY], [maxX, minY], [maxX, maxY], [minX, maxY]] as Point[]).map(fine)];
  Clipper.booleanOpWithPolyTree(ClipType.Intersection, whole, within, tree, FillRule.EvenOdd);
  return written(tree);
}

/** What a round brush covers on its way. */
export function brushed(way: Point[], radius: number): string {
  const path = Clipper.ramerDouglasPeucker(way.map(fine), (radius * FINE) / 20);
  const tolerance = Math.max(1, (radius * FINE) / 400);
  const round = Clipper.inflatePaths([path], radius * FINE, JoinType.Round, EndType.Round, 2, tolerance);
  const tree = new PolyTree64();
  Clipper.booleanOpWithPolyTree(ClipType.Union, round, null, tree, FillRule.NonZero);
  return written(tree)!;
}

/** Each corner elsewhere. */
export function mapped(shape: string, to: (corner: Point) => Point): string {
  return shape.replace(/(-?[\d.]+(?:[eE][-+]?\d+)?)\s+(-?[\d.]+(?:[eE][-+]?\d+)?)/g, (_, x, y) => pair(...to([Number(x), Number(y)])));
}

export const moved = (shape: string, dx: number, dy: number) => mapped(shape, ([x, y]) => [x + dx, y + dy]);

/** The same without its holes. */
export function filled(shape: string): string {
  const holed = new PolyTree64();
  Clipper.booleanOpWithPolyTree(ClipType.Union, pathsOf(shape), null, holed, FillRule.EvenOdd);
  const outer = Array.from({ length: holed.count }, (_, k) => holed.child(k).poly!);
  const tree = new PolyTree64();
  Clipper.booleanOpWithPolyTree(ClipType.Union, outer, null, tree, FillRule.NonZero);
  return written(tree)!;
}

/** The same with fewer corners, none of which lay farther than `tolerance` from the new edge. */
export function simplified(shape: string, tolerance: number): string | null {
  const tree = new PolyTree64();
  const thin = Clipper.ramerDouglasPeuckerPaths(pathsOf(shape), tolerance * FINE);
  Clipper.booleanOpWithPolyTree(ClipType.Union, thin, null, tree, FillRule.EvenOdd);
  return written(tree);
}

/** The same without corners that are sharper than a coin of that radius, outwards and inwards. */
export function smoothed(shape: string, radius: number): string | null {
  const tolerance = Math.max(1, (radius * FINE) / 100);
  const grow = (paths: Path64[], by: number) => Clipper.inflatePaths(paths, by * radius * FINE, JoinType.Round, EndType.Polygon, 2, tolerance);
  const tree = new PolyTree64();
  const whole = Clipper.booleanOp(ClipType.Union, pathsOf(shape), null, FillRule.EvenOdd);
  const round = grow(grow(grow(whole, 1), -2), 1);
  Clipper.booleanOpWithPolyTree(ClipType.Union, round, null, tree, FillRule.NonZero);
  return written(tree);
}

export const cornersOf = (shape: string) => readParts(shape).reduce((sum, { flat }) => sum + flat.length / 2, 0);

/** The ellipse that a box holds. */
export function ellipseIn([x, y]: Point, [toX, toY]: Point): Point[] {
  const middle = [(x + toX) / 2, (y + toY) / 2];
  const ring = Array.from({ length: CORNERS_OF_ELLIPSE }, (_, k): Point => {
    const turn = (2 * Math.PI * k) / CORNERS_OF_ELLIPSE;
    return [middle[0] + (Math.cos(turn) * Math.abs(toX - x)) / 2, middle[1] + (Math.sin(turn) * Math.abs(toY - y)) / 2];
  });
  return [...ring, ring[0]];
}

const fine = ([x, y]: Point) => ({ x: Math.round(x * FINE), y: Math.round(y * FINE) });

function pathsOf(location: string): Path64[] {
  return readParts(location)
    .filter((part) => part.kind === "area")
    .map(({ flat }) => Array.from({ length: flat.length / 2 }, (_, k) => fine([flat[2 * k], flat[2 * k + 1]])));
}

function written(tree: PolyTree64): string | null {
  const polygons: string[] = [];
  function walk(of: PolyPath64 | PolyTree64): void {
    for (let k = 0; k < of.count; k++) {
      const outer = of.child(k);
      const holes = Array.from({ length: outer.count }, (_, j) => outer.child(j));
      polygons.push(`(${[outer, ...holes].map((one) => ring(one.poly!)).join(", ")})`);
      holes.forEach(walk);
    }
  }
  walk(tree);
  if (!polygons.length) return null;
  return polygons.length === 1 ? `POLYGON ${polygons[0]}` : `MULTIPOLYGON (${polygons.join(", ")})`;
}

function ring(path: Path64): string {
  return `(${[...path, path[0]].map(({ x, y }) => pair(x / FINE, y / FINE)).join(", ")})`;
}

const pair = (x: number, y: number) => `${Number(x.toFixed(2))} ${Number(y.toFixed(2))}`;
