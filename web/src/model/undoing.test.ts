import { expect, test } from "vitest";
import { createUndoing } from "./undoing";

function storage(start?: string) {
  const kept = new Map<string, string>(start === undefined ? [] : [["name", start]]);
  return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text) };
}

test("what was done last is taken back first, and done again last", () => {
  const undoing = createUndoing("name", storage());
  undoing.done(1);
  undoing.done(2);
  expect(undoing.next("undo")).toBe(2);
  undoing.taken("undo");
  undoing.taken("undo");
  expect([undoing.next("undo"), undoing.next("redo"), { ...undoing.may }]).toEqual([undefined, 1, { undo: false, redo: true }]);
  undoing.taken("redo");
  expect([undoing.next("undo"), undoing.next("redo")]).toEqual([1, 2]);
});

test("a new command ends what could be done again, and one without a number changes nothing", () => {
  const undoing = createUndoing("name", storage());
  undoing.done(1);
  undoing.taken("undo");
  undoing.done(null);
  expect(undoing.next("redo")).toBe(1);
  undoing.done(3);
  expect([undoing.next("undo"), undoing.next("redo")]).toEqual([3, undefined]);
});

test("it outlives the page, and nonsense does not harm it", () => {
  const shared = storage();
  createUndoing("name", shared).done(5);
  expect(createUndoing("name", shared).next("undo")).toBe(5);
  for (const nonsense of ["{", "null", '{"undo":["x"],"redo":[]}']) expect(createUndoing("name", storage(nonsense)).next("undo")).toBeUndefined();
});
