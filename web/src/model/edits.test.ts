import { expect, test } from "vitest";
import { brushed, combine, cornersOf, ellipseIn, filled, isArea, moved, outlined, simplified, smoothed, without } from "./edits";
import { type Shape, isAt, readParts, shapeOf } from "./shape";

const box = (x: number, y: number, side: number) =>
  `POLYGON ((${x} ${y}, ${x + side} ${y}, ${x + side} ${y + side}, ${x} ${y + side}, ${x} ${y}))`;

function areaOf(location: string | null): number {
  let area = 0;
  for (const { flat } of readParts(location ?? ""))
    for (let k = 2; k < flat.length; k += 2) area += flat[k - 2] * flat[k + 1] - flat[k] * flat[k - 1];
  // Holes go round the other way.
  return Math.abs(area / 2);
}

const holds = (location: string | null, x: number, y: number) => isAt(shapeOf(1, location!, []) as Shape, [x, y], 0);

test("a shape grows by what is drawn over it, and shrinks", () => {
  expect(areaOf(combine(box(0, 0, 10), box(5, 0, 10), "add"))).toBeCloseTo(150);
  expect(areaOf(combine(box(0, 0, 10), box(5, 0, 10), "subtract"))).toBeCloseTo(50);
  expect(areaOf(combine(box(0, 0, 10), box(5, 0, 10), "intersect"))).toBeCloseTo(50);
  expect(areaOf(combine(box(0, 0, 10), box(5, 0, 10), "exclude"))).toBeCloseTo(100);
  expect(combine(box(0, 0, 10), box(-5, -5, 50), "subtract")).toBeNull();
});

test("cutting out of the middle leaves a hole, and cutting through leaves two", () => {
  const holed = combine(box(0, 0, 30), box(10, 10, 10), "subtract");
  expect(holed).toMatch(/^POLYGON \(\(.*\), \(.*\)\)$/);
  expect([areaOf(holed), holds(holed, 15, 15), holds(holed, 5, 5)]).toEqual([800, false, true]);
  const two = combine(box(0, 0, 30), "POLYGON ((10 -5, 20 -5, 20 50, 10 50, 10 -5))", "subtract");
  expect(two).toMatch(/^MULTIPOLYGON/);
  expect(areaOf(two)).toBeCloseTo(600);
});

test("an island in a hole is an island, not a hole", () => {
  const island = combine(combine(box(0, 0, 50), box(10, 10, 30), "subtract")!, box(20, 20, 10), "add");
  expect([holds(island, 25, 25), holds(island, 15, 15), holds(island, 5, 5)]).toEqual([true, false, true]);
});

test("a brush covers its way, round at both ends, wherever the way crosses itself", () => {
  expect(areaOf(brushed([[100, 100]], 20))).toBeGreaterThan(0.97 * Math.PI * 400);
  const stroke = brushed([[100, 100], [200, 100]], 20);
  const whole = 100 * 40 + Math.PI * 400;
  expect(Math.abs(areaOf(stroke) - whole)).toBeLessThan(0.02 * whole);
  const eight = brushed([[0, 0], [100, 100], [100, 0], [0, 100]], 5);
  expect([holds(eight, 50, 50), holds(eight, 90, 50), holds(eight, 98, 50)]).toEqual([true, false, true]);
});

test("an ellipse fills its box, and moving moves every corner", () => {
  const ellipse = ellipseIn([0, 0], [100, 40]);
  const location = `POLYGON ((${ellipse.map((point) => point.join(" ")).join(", ")}))`;
  expect(Math.abs(areaOf(location) - Math.PI * 50 * 20)).toBeLessThan(10);
  expect(moved("POLYGON ((0 0, -1.5 2e1, 3 4, 0 0))", 1, -1)).toBe("POLYGON ((1 -1, -0.5 19, 4 3, 1 -1))");
});

test("only areas are grown and shrunk", () => {
  expect(["POINT (1 2)", "LINESTRING (0 0, 1 1)", box(0, 0, 1), "POLYGON EMPTY"].map(isArea)).toEqual([false, false, true, false]);
});

test("holes are filled, with what lies in them", () => {
  const island = combine(combine(box(0, 0, 50), box(10, 10, 30), "subtract")!, box(20, 20, 10), "add")!;
  expect(areaOf(filled(island))).toBeCloseTo(2500);
  expect(filled(island)).toMatch(/^POLYGON \(\([^()]*\)\)$/);
});

test("a simpler shape has fewer corners and nearly the same area", () => {
  const round = `POLYGON ((${ellipseIn([0, 0], [100, 100]).map((point) => point.join(" ")).join(", ")}))`;
  const plain = simplified(round, 2);
  expect(cornersOf(plain!)).toBeLessThan(cornersOf(round) / 2);
  expect(Math.abs(areaOf(plain) - areaOf(round))).toBeLessThan(0.06 * areaOf(round));
});

test("a smoother shape has round corners outwards and inwards, keeps its holes, and may be nothing", () => {
  const notched = combine(box(0, 0, 100), box(60, 60, 60), "subtract")!;
  const round = smoothed(notched, 10)!;
  expect([holds(round, 1, 1), holds(round, 50, 50), holds(round, 61, 61)]).toEqual([false, true, true]);
  expect(Math.abs(areaOf(round) - areaOf(notched))).toBeLessThan(0.03 * areaOf(notched));
  const holed = combine(box(0, 0, 100), box(30, 30, 40), "subtract")!;
  expect(holds(smoothed(holed, 5), 50, 50)).toBe(false);
  expect(smoothed(box(0, 0, 5), 10)).toBeNull();
});

test("what others cover is left out, whatever holes they have", () => {
  const ring = combine(box(0, 0, 30), box(10, 10, 10), "subtract")!;
  expect(areaOf(without(box(0, 0, 40), [ring]))).toBeCloseTo(1600 - 800);
  expect(areaOf(without(box(0, 0, 40), [ring, box(5, 5, 20)]))).toBeCloseTo(1600 - 900);
  expect(without(box(1, 1, 5), [box(0, 0, 10)])).toBeNull();
  expect(areaOf(without(box(0, 0, 10), []))).toBeCloseTo(100);
});

test("rings become a shape with its hole, cut off at a box", () => {
  const ring = (low: number, high: number): [number, number][] => [[low, low], [high, low], [high, high], [low, high]];
  const shape = outlined([ring(0, 30), ring(10, 20)], 0.5, [5, -100, 100, 100]);
  expect([areaOf(shape), holds(shape, 15, 15), holds(shape, 7, 7)]).toEqual([650, false, true]);
  expect(outlined([ring(0, 10)], 0.5, [20, 0, 30, 10])).toBeNull();
});
