import { expect, test } from "vitest";
import { endOfDay, startOfDay } from "./days";

test("a day is told by its first and last moment here", () => {
  expect(startOfDay("2026-11-27")).toBe(new Date(2026, 10, 27).getTime());
  expect(endOfDay("2026-11-30")).toBe(new Date(2026, 11, 1).getTime() - 1);
});

test.each(["", "today", "2026-1-1"])("what is no day is none (%s)", (text) => {
  expect([startOfDay(text), endOfDay(text)]).toEqual([null, null]);
});
