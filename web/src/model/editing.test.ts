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
  /** Read once, they are said to be gone, when it is told to. */
  const missing = new Set<number>();
  const annotation = { id: 1, image: 9, version: 1, slice: 5, location: SQUARE, term: [], command: 70 };
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("fetch", async (where: string, { method, body }: RequestInit) => {
    const { pathname } = new URL(where);
    if (method !== "GET" || pathname.includes("/command/")) {
      asked.push([method, pathname, ...(body ? [body] : [])].join(" "));
      await new Promise<void>((answer) => held.push(answer));
    }
    const one = { ...annotation, id: Number(/annotation\/(\d+)/.exec(pathname)?.[1] ?? 8) };
    if (method === "GET" && missing.delete(one.id)) {
      await new Promise<void>((answer) => held.push(answer));
      return new Response("{}", { status: 404 });
    }
    return new Response(JSON.stringify({ ...one, data: one, collection: [] }));
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
    notYet: () => expect.fail("not saved yet"),
    again() {},
  });
  const several = createSeveral(store, () => editing, { shows() {}, tooMany() {} });
  /** Answers the next question that changes something. */
  const answer = async () => (await vi.waitUntil(() => held.shift()))();
  return { asked, answer, editing, missing, several, store };
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

/** What is asked of the server for a drawing, without what is sent with it. */
const short = (asked: string[]) => asked.map((one) => one.split(" {")[0]);

test("a drawing that has no number yet shows its terms at once, and is given them when it has one", async () => {
  const { asked, answer, editing, store } = desk();
  editing.choose(editing.draw(SQUARE, [5]));
  void editing.giveTerm(4, true);
  void editing.giveTerm(6, true);
  void editing.giveTerm(6, false);
  void editing.giveTerm(5, false);
  expect(editing.terms.value).toEqual([4]);
  editing.choose(2);
  for (let n = 0; n < 3; n++) await answer();
  await vi.waitUntil(() => !editing.busy.value);
  expect(short(asked)).toEqual(["POST /api/annotation.json", "POST /api/annotation/8/term/4.json", "DELETE /api/annotation/8/term/5.json"]);
  expect(JSON.parse(asked[0].slice(asked[0].indexOf("{"))).term).toEqual([5]);
  expect(store.get(8)).toBeDefined();
});

test("a drawing that is changed and deleted while it is on its way is deleted when it is there", async () => {
  const { asked, answer, editing, store } = desk();
  editing.choose(editing.draw(SQUARE, []));
  void editing.reshape(editing.chosen.value!, SQUARE.replaceAll("9", "8"));
  const removed = editing.remove();
  for (let n = 0; n < 3; n++) await answer();
  await removed;
  expect(short(asked)).toEqual(["POST /api/annotation.json", "PUT /api/annotation/8.json", "DELETE /api/annotation/8.json"]);
  expect([editing.chosen.value, store.get(8)]).toEqual([undefined, undefined]);
});

test("what is drawn over an area that was rubbed out whole is another shape", async () => {
  const { asked, answer, editing } = desk();
  editing.choose(1);
  expect(editing.drawOver(SQUARE, "subtract")).toBe(true);
  expect(editing.drawOver(SQUARE, "add")).toBe(false);
  await answer();
  await vi.waitUntil(() => !editing.busy.value);
  expect(asked).toEqual(["DELETE /api/annotation/1.json"]);
});

test("what is taken back is the drawing that is still on its way, not what was done before it", async () => {
  const { asked, answer, editing } = desk();
  editing.done(69);
  editing.draw(SQUARE, []);
  const taken = editing.back("undo");
  await answer();
  await answer();
  await taken;
  expect(short(asked)).toEqual(["POST /api/annotation.json", "GET /api/command/70/undo.json"]);
});

test("a shape that was brought back is not gone by an answer from before", async () => {
  const { answer, editing, missing, store } = desk();
  missing.add(3);
  const late = editing.refresh(3);
  await editing.refresh(3);
  await answer();
  await late;
  expect(store.get(3)).toBeDefined();
  missing.add(3);
  const gone = editing.refresh(3);
  await answer();
  await gone;
  expect(store.get(3)).toBeUndefined();
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
