import { expect, test } from "vitest";
import { isAt, readParts, shapeOf } from "./shape";

const flat = (wkt: string) => readParts(wkt).map(({ kind, flat }) => [kind, ...flat]);

test.each([
  ["POINT (1 2)", [["point", 1, 2]]],
  ["MULTIPOINT ((1 2), (3 4))", [["point", 1, 2], ["point", 3, 4]]],
  ["MULTIPOINT (1 2, 3 4)", [["point", 1, 2, 3, 4]]],
  ["LINESTRING (0 0, -1.5 2e1)", [["line", 0, 0, -1.5, 20]]],
  ["POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))", [["area", 0, 0, 4, 0, 4, 4, 0, 0], ["area", 1, 1, 2, 1, 2, 2, 1, 1]]],
  ["MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))", [["area", 0, 0, 1, 0, 1, 1, 0, 0], ["area", 5, 5, 6, 5, 6, 6, 5, 5]]],
  ["GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))", [["point", 1, 2], ["line", 0, 0, 1, 1]]],
  ["POLYGON EMPTY", []],
])("%s is read", (wkt, parts) => {
  expect(flat(wkt)).toEqual(parts);
});

test("a shape is met inside and at its edge, but not in its hole", () => {
  const ring = shapeOf(1, "POLYGON ((0 0, 100 0, 100 100, 0 100, 0 0), (40 40, 60 40, 60 60, 40 60, 40 40))", []);
  expect(ring.box).toEqual([0, 0, 100, 100]);
  expect([[20, 20], [103, 50], [50, 50], [50, 58], [110, 50]].map(([x, y]) => isAt(ring, [x, y], 4))).toEqual([true, true, false, true, false]);
});

test("lines and points are met near them, and between two points there is nothing", () => {
  const line = shapeOf(1, "LINESTRING (0 0, 100 100)", []);
  expect(isAt(line, [50, 52], 4)).toBe(true);
  expect(isAt(line, [50, 60], 4)).toBe(false);
  const points = shapeOf(1, "MULTIPOINT (0 0, 100 0)", []);
  expect(isAt(points, [99, 2], 4)).toBe(true);
  expect(isAt(points, [50, 0], 4)).toBe(false);
});
