import { expect, test } from "vitest";
import { useAttempts } from "./attempts";

test("one is busy until what follows is done", async () => {
  const seen: boolean[] = [];
  const { busy, failure, attempt } = useAttempts(() => seen.push(busy.value));
  await attempt(async () => seen.push(busy.value));
  expect([seen, busy.value, failure.value]).toEqual([[true, true], false, undefined]);
});

test("a failure is told until the next attempt, and what follows is done all the same", async () => {
  let followed = 0;
  const { busy, failure, attempt } = useAttempts(() => followed++);
  await attempt(() => Promise.reject("no"));
  expect([failure.value, busy.value, followed]).toEqual(["no", false, 1]);
  await attempt(() => Promise.resolve());
  expect([failure.value, followed]).toEqual([undefined, 2]);
});
