import { expect, test } from "vitest";
import { Refusal } from "../api/client";
import type { Annotation } from "../api/shapes";
import { createReviewing } from "./reviewing";

function reviewing(ids: number[]) {
  const made = createReviewing(1, () => ({ users: "4" }), {
    async list({ image, users, max, offset }) {
      expect([image, users, max]).toEqual([1, "4", 1]);
      return { collection: ids.slice(Number(offset), Number(offset) + 1).map((id) => ({ id }) as Annotation), size: ids.length };
    },
    async place(_, id) {
      if (!ids.includes(id)) throw new Refusal("", 404);
      return { place: ids.indexOf(id) + 1, total: ids.length };
    },
  });
  return { ...made, go: async (by: 1 | -1) => (await made.step(by))?.id };
}

test("one follows the other, in a ring", async () => {
  const { go, at, total } = reviewing([5, 6, 7]);
  expect([await go(1), await go(1), await go(1), await go(1), await go(-1)]).toEqual([5, 6, 7, 5, 7]);
  expect([at.value, total.value]).toEqual([3, 3]);
});

test("where some are gone meanwhile it begins anew", async () => {
  const ids = [5, 6, 7];
  const { go, total } = reviewing(ids);
  await go(1);
  await go(1);
  ids.length = 1;
  expect([await go(1), total.value]).toEqual([5, 1]);
});

test("where there are none there is none", async () => {
  const { go, at } = reviewing([]);
  expect([await go(1), at.value]).toEqual([undefined, 0]);
});

test("it goes on from the one that was chosen, and from the start where the list does not hold it", async () => {
  const { go, stand, at, total } = reviewing([5, 6, 7]);
  await stand(6);
  expect([at.value, total.value]).toEqual([2, 3]);
  expect(await go(1)).toBe(7);
  await stand(99);
  expect(at.value).toBe(0);
  expect(await go(1)).toBe(5);
});
