import { expect, test } from "vitest";
import { fromServer, inUnits, measureWay } from "./measure";

test("a way is as long as its parts, and as large as what it goes around", () => {
  expect(measureWay([[0, 0], [3, 4]])).toEqual({ length: 5, area: 0 });
  expect(measureWay([[0, 0], [0, 10], [20, 10], [20, 0]])).toEqual({ length: 40, area: 200 });
  expect(measureWay([])).toEqual({ length: 0, area: 0 });
});

test("it is told in µm or mm where the scale is known", () => {
  expect(inUnits(1000, 0.25, 1)).toEqual({ value: 250, unit: "µm" });
  expect(inUnits(8000, 0.25, 1)).toEqual({ value: 2, unit: "mm" });
  expect(inUnits(4e6, 0.5, 2)).toEqual({ value: 1, unit: "mm²" });
  expect(inUnits(400, 0.5, 2)).toEqual({ value: 100, unit: "µm²" });
  expect(inUnits(400, null, 2)).toEqual({ value: 400, unit: "px²" });
});

test("what the server tells in its own units is told in those that fit", () => {
  expect(fromServer(101.2, "micron²")).toEqual({ value: 101.2, unit: "µm²" });
  expect(fromServer(0.0375, "mm")).toEqual({ value: 37.5, unit: "µm" });
  expect(fromServer(7, "pixels²")).toEqual({ value: 7, unit: "px²" });
  expect(fromServer(7, "pixels")).toEqual({ value: 7, unit: "px" });
});
