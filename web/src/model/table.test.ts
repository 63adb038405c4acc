import { expect, test } from "vitest";
import { wordsIn } from "./in_address";
import { readWish, writeWish } from "./table";

const NEWEST = { key: "created", order: "desc" } as const;

test("an address without words is the first page, the newest first", () => {
  expect(readWish({}, NEWEST)).toEqual({ page: 1, itemsPerPage: 25, sortBy: [NEWEST] });
  expect(Object.values(writeWish(readWish({}, NEWEST), NEWEST)).filter(Boolean)).toEqual([]);
});

test.each([
  { page: 3, itemsPerPage: 50, sortBy: [{ key: "name", order: "asc" as const }] },
  { page: 1, itemsPerPage: -1, sortBy: [{ key: "created", order: "asc" as const }] },
  { page: 2, itemsPerPage: 25, sortBy: [{ key: "name", order: "desc" as const }] },
])("what was asked for is read as it was written", (wish) => {
  expect(readWish(writeWish(wish, NEWEST), NEWEST)).toEqual(wish);
});

test("nonsense in an address is passed over", () => {
  const said = { page: "-7", size: "many", order: "sideways" };
  expect(readWish(said, NEWEST)).toEqual(readWish({}, NEWEST));
  expect(wordsIn({ page: ["2", "3"], sort: null })).toEqual({ page: "2", sort: undefined });
});
