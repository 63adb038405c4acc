import { expect, test } from "vitest";
import { readScene, writeScene } from "./scene";

test("one slide is said as it always was", () => {
  const scene = { slides: [{ image: 4, query: { x: "1", y: "2", d: "3" } }], active: 0, isLinked: true };
  expect(writeScene(scene)).toEqual({ x: "1", y: "2", d: "3" });
  expect(readScene(4, { x: "1", y: "2", d: "3" })).toEqual(scene);
});

test("several slides, which is worked at and that they are apart, are read again", () => {
  const slides = [4, 9, 6].map((image) => ({ image, query: { x: String(image), annotation: "12" } }));
  const scene = { slides, active: 2, isLinked: false };
  const query = writeScene(scene);
  expect(query).toMatchObject({ x: "4", beside2: "9", x2: "9", beside3: "6", annotation3: "12", at: "3", apart: "1" });
  expect(readScene(4, query)).toEqual(scene);
});

test("a slide is there once, nonsense never, and of five four", () => {
  const scene = readScene(4, { beside2: "4", beside3: "x", beside4: "7", beside5: "8", at: "9", x4: ["1", "2"] });
  expect(scene).toEqual({ slides: [{ image: 4, query: {} }, { image: 7, query: {} }], active: 0, isLinked: true });
});
