import { expect, test } from "vitest";
import { createTurns } from "./turns";

test("only the last turn counts, in whichever order the answers come", () => {
  const begin = createTurns();
  const first = begin();
  expect(first()).toBe(true);
  const second = begin();
  expect([second(), first(), second()]).toEqual([true, false, true]);
});
