import { expect, test } from "vitest";
import { amountOf, fileState } from "./files";

test("sizes are told in the unit that people would say", () => {
  expect(amountOf(0)).toEqual({ value: 0, unit: "byte" });
  expect(amountOf(999)).toEqual({ value: 999, unit: "byte" });
  expect(amountOf(999_900)).toEqual({ value: 0.9999, unit: "megabyte" });
  expect(amountOf(3_200_000_000)).toEqual({ value: 3.2, unit: "gigabyte" });
});

test("only what failed can be tried again; a code that nobody knows is said to be unknown", () => {
  expect([11, 31, 41, 100, 7].map(fileState)).toEqual(["refused", "failed", "failed", "ready", "unknown"]);
});
