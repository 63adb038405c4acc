import { expect, test } from "vitest";
import { boxOfCell, cellsOver, isKnown } from "./cells";

test("the cells over a view cover it, and are few", () => {
  for (const downsample of [0.125, 1, 3.7, 128]) {
    const view = [1000, 2000, 1000 + 1280 * downsample, 2000 + 800 * downsample] as [number, number, number, number];
    const cells = cellsOver(view, downsample);
    expect(cells.length).toBeLessThanOrEqual(9);
    expect(Math.min(...cells.map(({ box }) => box[0]))).toBeLessThanOrEqual(view[0]);
    expect(Math.max(...cells.map(({ box }) => box[3]))).toBeGreaterThanOrEqual(view[3]);
    for (const { key, box } of cells) expect(boxOfCell(key)).toEqual(box);
  }
});

test("a cell is known with the larger one around it", () => {
  const known = new Set(["12/1/0"]);
  const knows = (key: string) => known.has(key);
  expect(["12/1/0", "11/2/1", "10/7/3", "11/4/0", "13/0/0"].map((key) => isKnown(key, knows))).toEqual([true, true, true, false, false]);
});
