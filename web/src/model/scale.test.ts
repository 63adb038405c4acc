import { expect, test } from "vitest";
import { barFor, wordsOf } from "./scale";

test("the bar is as long on the screen as it says", () => {
  expect(barFor(4, 0.5)).toEqual({ length: 200, unit: "µm", widthPx: 100 });
  expect(barFor(32, 0.5)).toEqual({ length: 2, unit: "mm", widthPx: 125 });
});

test("without a scale it counts pixels", () => {
  expect(barFor(1, null)).toEqual({ length: 100, unit: "px", widthPx: 100 });
});

test("it says its length in the reader's words", () => {
  const number = (value: number) => `<${value}>`;
  expect(wordsOf(barFor(4, 0.5), number, "像素")).toBe("<200> µm");
  expect(wordsOf(barFor(1, null), number, "像素")).toBe("<100> 像素");
});

test.each([0.01, 0.3, 1, 7, 99, 4096])("at any zoom it fits (%d)", (downsample) => {
  const { widthPx } = barFor(downsample, 0.25);
  expect(widthPx).toBeGreaterThan(50);
  expect(widthPx).toBeLessThanOrEqual(140);
});
