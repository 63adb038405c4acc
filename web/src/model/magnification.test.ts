import { expect, test } from "vitest";
import { downsampleFor, magnificationAt, readWish, stepped } from "./magnification";

const SCANNED = { mpp: 0.25, magnification: 20 };
const UNMEASURED = { mpp: null, magnification: 20 };
const UNKNOWN = { mpp: null, magnification: null };

test("magnification follows the scale, and the objective only where there is none", () => {
  expect([SCANNED, UNMEASURED, UNKNOWN].map((scale) => magnificationAt(2, scale))).toEqual([20, 10, null]);
  expect([SCANNED, UNMEASURED, UNKNOWN].map((scale) => downsampleFor(5, scale))).toEqual([8, 4, null]);
});

test("keys go through the usual ones and stop at the ends", () => {
  expect([[3, 1], [5, 1], [40, 1], [100, 1], [3, -1], [5, -1], [0.2, -1]].map(([now, by]) => stepped(now, by as 1 | -1))).toEqual([5, 10, 40, 40, 2.5, 2.5, 1]);
});

test("a place or a magnification is read as people write it", () => {
  expect(["10x", " 2.5 × ", "1200, 3400", "1200 3400px", "300; 850 µm"].map((text) => readWish(text, SCANNED))).toEqual([
    { power: 10 },
    { power: 2.5 },
    { place: [1200, 3400] },
    { place: [1200, 3400] },
    { place: [1200, 3400] },
  ]);
  expect(["", "x", "0x", "12", "-5, 3", "1,2,3", "a, b"].map((text) => readWish(text, SCANNED))).toEqual(Array(7).fill(undefined));
  expect(readWish("3, 4 µm", UNKNOWN)).toBeUndefined();
});
