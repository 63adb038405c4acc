import { expect, test } from "vitest";
import { inTreeOrder, searched } from "./terms";

const term = (id: number, parent: number | null) => ({ id, name: `term ${id}`, color: "#000000", parent });

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
