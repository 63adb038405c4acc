import { expect, test } from "vitest";
import type { Listing } from "../api/client";
import { listing } from "./listing";

type Asked = { query: Record<string, unknown>; answer: (found: Listing<number>) => void; refuse: (why: unknown) => void };

function numbers() {
  const asked: Asked[] = [];
  const rows = listing<number, { max?: number }>((query) => new Promise((answer, refuse) => asked.push({ query, answer, refuse })));
  return { ...rows, asked };
}

test("an earlier answer that comes late does not replace the later one", async () => {
  const { asked, rows, load } = numbers();
  const first = load({ max: 2 });
  const second = load({ max: 2 });
  asked[1].answer({ collection: [3, 4], size: 4 });
  asked[0].answer({ collection: [1, 2], size: 4 });
  await Promise.all([first, second]);
  expect(rows.value).toEqual([3, 4]);
});

test("more rows follow those that are there", async () => {
  const { asked, rows, total, load, more } = numbers();
  const first = load({ max: 2 });
  asked[0].answer({ collection: [1, 2], size: 3 });
  await first;
  const second = more({ max: 2 });
  expect(asked[1].query).toEqual({ max: 2, offset: 2 });
  asked[1].answer({ collection: [3], size: 3 });
  await second;
  expect([rows.value, total.value]).toEqual([[1, 2, 3], 3]);
});

test("what goes wrong is kept until the next question", async () => {
  const { asked, failure, loading, load } = numbers();
  const first = load({});
  asked[0].refuse("no");
  await first;
  expect([failure.value, loading.value]).toEqual(["no", false]);
  void load({});
  expect(failure.value).toBeUndefined();
});
