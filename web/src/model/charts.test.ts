import { expect, test } from "vitest";
import { areaOf, stepFor, topOf } from "./charts";

test("the top of an axis is round and above all that is shown", () => {
  expect([[], [1], [3, 7], [10], [11], [230, 480]].map(topOf)).toEqual([1, 1, 10, 10, 20, 500]);
});

test("a long time is told in longer steps", () => {
  expect([0, 1, 60, 61, 3650].map((days) => stepFor(days))).toEqual([1, 1, 1, 2, 61]);
});

test("an area begins and ends at the ground, and the largest value is not above the top", () => {
  const points = [0, 5, 10].map((size, date) => ({ date, size }));
  expect(areaOf(points, 100, 50)).toBe("M0,50 L0,50 L50,25 L100,0 L100,50 Z");
  expect(areaOf(points.slice(2), 100, 50)).toBe("M0,50 L0,0 L100,0 L100,50 Z");
  expect(areaOf([], 100, 50)).toBe("");
});
