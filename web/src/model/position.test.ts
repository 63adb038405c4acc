import { expect, test } from "vitest";
import { fromQuery, toQuery } from "./position";

test("the address counts y from the top, the map from the bottom", () => {
  expect(toQuery({ centre: [100, 8000], downsample: 4, degrees: 0, isFlipped: false }, 9000)).toEqual({ x: "100", y: "1000", d: "4" });
});

test("what was written is read again", () => {
  const position = { centre: [1200, 340] as [number, number], downsample: 0.25, degrees: 345, isFlipped: true };
  expect(fromQuery(toQuery(position, 9000), 9000)).toEqual(position);
});

test("turns are told between 0 and 360 degrees", () => {
  expect(toQuery({ centre: [0, 0], downsample: 1, degrees: -15, isFlipped: false }, 10).r).toBe("345");
  expect(toQuery({ centre: [0, 0], downsample: 1, degrees: 720, isFlipped: false }, 10).r).toBeUndefined();
});

test.each([{}, { x: "1", y: "2" }, { x: "a", y: "2", d: "1" }, { x: "1", y: "2", d: "0" }, { x: "1", y: "2", d: "-4" }])(
  "nonsense is no position: %o",
  (query) => expect(fromQuery(query, 100)).toBeUndefined(),
);
