import { expect, test } from "vitest";
import { type Counted, createTermCounts } from "./term_counts";

const counted = (total: number): Counted => ({ total, withoutTerm: 1, terms: [{ term: 7, number: total - 1 }] });

test("hidden terms are counted, hidden people are not", async () => {
  const asked: object[] = [];
  const known = createTermCounts(1, () => ({ terms: "7", noTerm: "true", users: "3" }), async (query) => (asked.push(query), counted(5)));
  await known.again();
  expect(asked).toEqual([{ users: "3" }]);
  expect([...known.counts.value!]).toEqual([[null, 1], [7, 4]]);
});

test("an answer that comes late does not replace a newer one, and a failure leaves what is known", async () => {
  const answers: ((found: Counted) => void)[] = [];
  const known = createTermCounts(1, () => ({}), () => new Promise((resolve) => answers.push(resolve)));
  const both = [known.again(), known.again()];
  answers[1](counted(9));
  answers[0](counted(5));
  await Promise.all(both);
  expect(known.counts.value!.get(7)).toBe(8);
});
