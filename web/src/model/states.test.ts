import { expect, test } from "vitest";
import { differences } from "./states";

test("only what became different is told, and not what always does", () => {
  const before = { id: 1, name: "a", version: 1, updated: "1", terms: [1], gone: "x" };
  const after = { id: 1, name: "b", version: 2, updated: "2", terms: [1], comment: "new" };
  expect(differences(before, after)).toEqual([
    { field: "name", before: "a", after: "b" },
    { field: "gone", before: "x", after: "" },
    { field: "comment", before: "", after: "new" },
  ]);
});

test("of what was added or deleted all is told that is not empty", () => {
  expect(differences(null, { name: "a", comment: null })).toEqual([{ field: "name", before: "", after: "a" }]);
  expect(differences({ name: "a" }, null)).toEqual([{ field: "name", before: "a", after: "" }]);
});
