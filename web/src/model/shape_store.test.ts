import { expect, test } from "vitest";
import { LARGE } from "./cells";
import type { Box } from "./shape";
import { isLarge, shapeOf } from "./shape";
import { createShapeStore } from "./shape_store";

const EVERYWHERE: Box = [0, 0, 1e6, 1e6];
const square = (id: number | string, x: number, side = 10, terms: number[] = []) =>
  shapeOf(id, `POLYGON ((${x} 0, ${x + side} 0, ${x + side} ${side}, ${x} ${side}, ${x} 0))`, terms);

function holding(...ids: number[]) {
  const store = createShapeStore();
  store.list("10/0/0", ids.map((id) => square(id, 20 * id)), store.now());
  return { store, ids: () => store.touching(EVERYWHERE).map((one) => one.id).sort() };
}

test("what a cell no longer lists is gone, unless another cell holds it or it was drawn here", () => {
  const { store, ids } = holding(1, 2, 3);
  store.list("10/1/0", [square(2, 40)], store.now());
  store.put(square("mine", 500));
  store.list("10/0/0", [square(3, 60)], store.now());
  expect(ids()).toEqual([2, 3, "mine"]);
});

test("a listing that was asked for before a change does not undo it", () => {
  const { store, ids } = holding(1, 2, 3);
  const asked = store.now();
  store.remove(1);
  store.put(square(2, 900));
  store.list("10/0/0", [square(1, 20), square(2, 40), square(3, 60)], asked);
  expect(ids()).toEqual([2, 3]);
  expect(store.get(2)?.box[0]).toBe(900);
  store.list("10/0/0", [square(1, 20), square(2, 40)], store.now());
  expect(ids()).toEqual([1, 2]);
  expect(store.get(2)?.box[0]).toBe(40);
});

test("what is changed here and not saved yet is not listed away, however late", () => {
  const { store, ids } = holding(1, 2);
  store.pinned.add(2);
  store.put(square(2, 900));
  store.list("10/0/0", [square(1, 20), square(2, 40)], store.now());
  expect(store.get(2)?.box[0]).toBe(900);
  store.list("10/0/0", [], store.now());
  expect(ids()).toEqual([2]);
});

test("what is in doubt stays in sight until it is forgotten or listed anew", () => {
  const { store, ids } = holding(1, 2);
  store.list("12/0/0", [square(1, 20)], store.now());
  store.doubt();
  expect([store.knows("10/0/0"), ids()]).toEqual([false, [1, 2]]);
  store.list("10/0/0", [square(1, 20), square(4, 80)], store.now());
  store.forget();
  expect([store.knows("10/0/0"), store.knows("12/0/0"), ids()]).toEqual([true, false, [1, 4]]);
});

test("far cells are forgotten with what only they hold", () => {
  const { store, ids } = holding(1);
  store.list("10/5/5", [square(9, 6000)], store.now());
  store.forget([0, 0, 100, 100]);
  expect([store.knows("10/0/0"), store.knows("10/5/5"), ids()]).toEqual([true, false, [1]]);
});

test("the smallest shape under the pointer is met", () => {
  const { store } = holding();
  store.put(square(1, 0, 100));
  store.put(square(2, 0, 10));
  expect(store.at([5, 5], 2)?.id).toBe(2);
  expect(store.at([50, 50], 2)?.id).toBe(1);
  expect(store.at([500, 500], 2)).toBeUndefined();
});

test("who draws is told where something changed", () => {
  const { store } = holding(1);
  const changed: Box[] = [];
  store.whenChanged((boxes) => changed.push(...boxes));
  store.put(square(1, 300));
  store.remove(1);
  expect(changed).toEqual([[20, 0, 30, 10], [300, 0, 310, 10], [300, 0, 310, 10]]);
});

test("a shape that came unchanged need not be read again", () => {
  const { store } = holding(1);
  const { location } = store.get(1)!;
  expect(store.same({ id: 1, location, term: [] })).toBe(store.get(1));
  expect(store.same({ id: 1, location, term: [5] })).toBeUndefined();
  expect(store.same({ id: 2, location, term: [] })).toBeUndefined();
});

test("what was drawn here goes with a listing that would tell of it, once it is saved", () => {
  const { store, ids } = holding(1);
  store.put(square(2, 500));
  store.put(square("mine", 600));
  store.put(square(3, 5000));
  store.list("10/0/0", [square(1, 20)], store.now());
  expect(ids()).toEqual([1, 3, "mine"]);
});

test("large shapes are listed beside the cells, and found where the small ones are not shown", () => {
  const { store, ids } = holding(1, 2);
  store.put(square(3, 900));
  store.put(square(4, 0, 800));
  store.list(LARGE, [square(5, 0, 700)], store.now(), (shape) => isLarge(shape, 500));
  expect(ids()).toEqual([1, 2, 3, 5]);
  expect([store.at([25, 5], 1)?.id, store.at([25, 5], 1, 500)?.id]).toEqual([1, 5]);
  store.doubt();
  store.list("10/0/0", [square(1, 20)], store.now());
  store.forget();
  expect(ids()).toEqual([1]);
});
