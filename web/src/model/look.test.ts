import { expect, test } from "vitest";
import { PLAIN, isPlain, shown } from "./look";

test("plain leaves every sample", () => {
  for (const sample of [0, 0.25, 0.5, 1]) expect(shown(PLAIN, sample)).toBeCloseTo(sample);
  expect([isPlain(PLAIN), isPlain({ ...PLAIN, gamma: 2 })]).toEqual([true, false]);
});

test("each does what its name says", () => {
  expect(shown({ ...PLAIN, brightness: 0.2 }, 0.5)).toBeCloseTo(0.7);
  expect([shown({ ...PLAIN, contrast: 2 }, 0.25), shown({ ...PLAIN, contrast: 2 }, 0.5), shown({ ...PLAIN, contrast: 2 }, 0.9)]).toEqual([0, 0.5, 1]);
  expect(shown({ ...PLAIN, gamma: 2 }, 0.25)).toBeCloseTo(0.5);
});
