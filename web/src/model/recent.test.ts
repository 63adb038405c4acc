import { expect, test } from "vitest";
import { createRecent } from "./recent";

function storage(kept?: string) {
  const held = new Map(kept === undefined ? [] : [["recent", kept]]);
  return { held, getItem: (name: string) => held.get(name) ?? null, setItem: (name: string, value: string) => void held.set(name, value) };
}

test("the latest stands first, each once, and no more than five", () => {
  const kept = storage();
  const recent = createRecent("recent", kept);
  for (const id of [1, 2, 3, 2, 4, 5, 6]) recent.use(id);
  expect(recent.ids.value).toEqual([6, 5, 4, 2, 3]);
  expect(createRecent("recent", kept).ids.value).toEqual([6, 5, 4, 2, 3]);
});

test("nonsense that is kept is nothing", () => {
  for (const kept of ["{", "3", '["a"]', "null"]) expect(createRecent("recent", storage(kept)).ids.value).toEqual([]);
});
