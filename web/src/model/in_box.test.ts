import { expect, test } from "vitest";
import type { Annotation } from "../api/shapes";
import { MOST_AT_ONCE } from "./annotations";
import type { Point } from "./frame";
import { findInBox } from "./in_box";

const SQUARE: Point[] = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]];
const ASKEW: Point[] = [[50, 0], [100, 50], [50, 100], [0, 50], [50, 0]];
const at = (id: number, x: number, y: number): Annotation => ({ id, term: [], location: `POLYGON ((${x - 5} ${y - 5}, ${x + 5} ${y - 5}, ${x + 5} ${y + 5}, ${x - 5} ${y - 5}))` });
const answering = (collection: Annotation[], size = collection.length) => async () => ({ collection, size });

test("a shape lies in the box where its middle does, also in one that lies askew", async () => {
  const ask = answering([at(1, 50, 50), at(2, 90, 90), at(3, 103, 50)]);
  expect((await findInBox(7, {}, SQUARE, ask)).shapes.map((one) => one.id)).toEqual([1, 2]);
  expect((await findInBox(7, {}, ASKEW, ask)).shapes.map((one) => one.id)).toEqual([1]);
});

test("more than can be changed at once are counted, and none of them is told", async () => {
  const some = [at(1, 50, 50)];
  expect(await findInBox(7, {}, SQUARE, answering(some, MOST_AT_ONCE + 1))).toEqual({ shapes: [], tooMany: MOST_AT_ONCE + 1 });
  expect((await findInBox(7, {}, SQUARE, answering(some, MOST_AT_ONCE))).tooMany).toBeUndefined();
});

test("the server is asked for the shapes that are shown", async () => {
  let asked: object = {};
  const shown = await findInBox(7, { terms: "3", reviewed: "true" }, ASKEW, async (query) => {
    asked = query;
    return { collection: [at(1, 50, 50)], size: 1 };
  });
  expect(asked).toMatchObject({ image: 7, terms: "3", bbox: "POLYGON((50.00 0.00,100.00 50.00,50.00 100.00,0.00 50.00,50.00 0.00))" });
  expect(shown.shapes[0].reviewed).toBe(true);
});
