import { expect, test } from "vitest";
import { inTreeOrder, keysOf, searched } from "./terms";

const term = (id: number, parent: number | null, shortcut: string | null = null) => ({
  id,
  name: `term ${id}`,
  color: "#000000",
  parent,
  shortcut,
});

test("each term stands below its parent", () => {
  const leaves = inTreeOrder([term(1, null), term(2, null), term(3, 1), term(4, 3)]);
  expect(leaves.map(({ id, depth }) => [id, depth])).toEqual([[1, 0], [3, 1], [4, 2], [2, 0]]);
});

test("a term whose parent is not there is shown all the same", () => {
  expect(inTreeOrder([term(5, 99)])).toMatchObject([{ id: 5, depth: 0 }]);
});

test("what is searched for is found with all that stands above it", () => {
  const terms = [term(1, null), term(2, 1), term(3, 1), term(4, null)];
  expect(searched(terms, " TERM 3 ").map(({ id }) => id)).toEqual([1, 3]);
  expect(searched(terms, "")).toBe(terms);
  expect(searched(terms, "nothing")).toEqual([]);
});

test("a term has its own key, or the digit of its place where that is nobody's", () => {
  const terms = [term(1, null), term(2, null, "x"), term(3, null), term(4, 1, "3")];
  const keys = [...keysOf(terms)].map(([key, { id }]) => [key, id]);
  // In the tree: 1, 4, 2, 3; the digit 3 is that of 4, so 2 needs none and 3 is chosen by 4.
  expect(new Map(keys as [string, number][])).toEqual(new Map([["x", 2], ["3", 4], ["1", 1], ["4", 3]]));
});

test("beyond the first nine a term needs a key of its own", () => {
  const many = Array.from({ length: 12 }, (_, place) => term(place + 1, null));
  expect(keysOf(many).size).toBe(9);
});
