import { expect, test, vi } from "vitest";
import { type Editing, createEditing } from "./editing";
import { createSeveral } from "./several";
import { shapeOf } from "./shape";
import { createShapeStore } from "./shape_store";

const SQUARE = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))";

/** Three annotations at a server that answers when it is told to; what is drawn becomes the eighth. */
function desk() {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const annotation = { id: 1, image: 9, version: 1, slice: 5, location: SQUARE, term: [], command: 70 };
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("fetch", async (where: string, { method, body }: RequestInit) => {
    const { pathname } = new URL(where);
    if (method !== "GET") {
      asked.push([method, pathname, ...(body ? [body] : [])].join(" "));
      await new Promise<void>((answer) => held.push(answer));
    }
    const one = { ...annotation, id: Number(/annotation\/(\d+)/.exec(pathname)?.[1] ?? 8) };
    return new Response(JSON.stringify({ ...one, data: one }));
  });
  const store = createShapeStore();
  for (const id of [1, 2, 3]) store.put(shapeOf(id, SQUARE, []));
  const kept = { keep() {}, forget() {}, list: async () => [] };
  const editing: Editing = createEditing({
    image: 9,
    store,
    kept,
    wordsOf: String,
    slice: () => null,
    shows: (shape) => several.alone(shape),
    gone: (ids) => several.forget(ids),
    problem: (words) => expect.fail(words),
    again() {},
  });
  const several = createSeveral(store, () => editing, { shows() {}, tooMany() {} });
  /** Answers the next question that changes something. */
  const answer = async () => (await vi.waitUntil(() => held.shift()))();
  return { asked, answer, editing, several, store };
}

test("what waits for its turn is done to the shape that was chosen, whichever is chosen by then", async () => {
  const { asked, answer, editing } = desk();
  editing.choose(1);
  void editing.giveTerm(4, true);
  const removed = editing.remove();
  editing.choose(2);
  await answer();
  await answer();
  await removed;
  expect(asked).toEqual(["POST /api/annotation/1/term/4.json", "DELETE /api/annotation/1.json"]);
  expect(editing.chosen.value).toBe(2);
});

test("who chooses another shape while several are deleted keeps it chosen", async () => {
  const { asked, answer, editing, several, store } = desk();
  several.add([1, 2].map((id) => store.get(id)!));
  const removed = several.remove();
  editing.choose(3);
  await answer();
  await removed;
  expect(asked).toEqual(['POST /api/atrisys/annotation/delete.json {"annotations":[1,2]}']);
  expect([editing.chosen.value, store.get(1), store.get(2)]).toEqual([3, undefined, undefined]);
});

test("who chooses another shape while several are merged keeps it chosen", async () => {
  const { answer, editing, several, store } = desk();
  several.add([1, 2].map((id) => store.get(id)!));
  const merged = several.merge();
  editing.choose(3);
  await answer();
  await merged;
  expect([editing.chosen.value, store.get(2)]).toEqual([3, undefined]);
});

test("what was deleted when a second press has its turn is passed over", async () => {
  const { asked, answer, editing, several, store } = desk();
  editing.choose(3);
  const pressed = [editing.remove(), editing.remove(), editing.giveTerm(4, true)];
  several.add([1, 2].map((id) => store.get(id)!));
  await answer();
  await Promise.all(pressed);
  expect(asked).toEqual(["DELETE /api/annotation/3.json"]);
  expect(several.ids.value).toEqual([1, 2]);
});

test("of those that are chosen beside others while these are deleted, the others stay chosen", async () => {
  const { answer, editing, several, store } = desk();
  several.add([1, 2].map((id) => store.get(id)!));
  const removed = several.remove();
  several.toggle(store.get(3)!);
  expect(several.ids.value).toEqual([1, 2, 3]);
  await answer();
  await removed;
  expect([several.ids.value, editing.chosen.value]).toEqual([[], 3]);
});

test("what is asked for a drawing that has no number yet is done once it has one", async () => {
  const { asked, answer, editing } = desk();
  editing.choose(editing.draw(SQUARE, []));
  void editing.giveTerm(4, true);
  editing.choose(2);
  await answer();
  await answer();
  await vi.waitUntil(() => !editing.busy.value);
  expect(asked.map((one) => one.split(" {")[0])).toEqual(["POST /api/annotation.json", "POST /api/annotation/8/term/4.json"]);
});

test("several that were merged or deleted when a second press has its turn are passed over", async () => {
  for (const press of ["merge", "remove"] as const) {
    const { asked, answer, several, store } = desk();
    several.add([1, 2].map((id) => store.get(id)!));
    const pressed = [several[press](), several[press]()];
    await answer();
    await Promise.all(pressed);
    expect(asked).toHaveLength(1);
  }
});
