import { expect, test } from "vitest";
import { FREE_SIGNS, SHORTCUTS, actionOf, arrowOf, signOf } from "./shortcuts";

const press = (key: string, ...held: ("ctrl" | "meta" | "shift" | "alt")[]) => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  shiftKey: held.includes("shift"),
  altKey: held.includes("alt"),
});

test("no key does two things", () => {
  const keys = Object.values(SHORTCUTS).flatMap((group) => Object.values(group).flat());
  expect(new Set(keys).size).toBe(keys.length);
});

test("letters count with what is held, and capitals lock does not matter", () => {
  expect(actionOf(press("d"))).toBe("freehand");
  expect(actionOf(press("D", "shift"))).toBe("duplicate");
  expect(actionOf(press("z", "ctrl"))).toBe("undo");
  expect(actionOf(press("Z", "meta", "shift"))).toBe("redo");
  expect(actionOf(press("y", "ctrl"))).toBe("redo");
  expect(actionOf(press("P"))).toBe("polygon");
  expect(actionOf(press("p", "ctrl"))).toBeUndefined();
  expect(actionOf(press("p", "alt"))).toBeUndefined();
});

test("signs are signs, on whichever key they stand", () => {
  expect(actionOf(press("?", "shift"))).toBe("help");
  expect(actionOf(press("+", "shift"))).toBe("zoomIn");
  expect(actionOf(press("[", "alt"))).toBe("narrower");
});

test("letters and digits alone choose terms, and only those that do nothing else", () => {
  const pressed = [press("1"), press("X"), press("1", "ctrl"), press("x", "shift"), press("12"), press("é")];
  expect(pressed.map(signOf)).toEqual(["1", "x", undefined, undefined, undefined, undefined]);
  expect(FREE_SIGNS).toContain("1");
  expect(FREE_SIGNS.map((sign) => actionOf(press(sign)))).toEqual(FREE_SIGNS.map(() => undefined));
});

test("arrows lead a little way, with Shift half a screen", () => {
  expect(arrowOf(press("ArrowRight"))).toEqual([0.1, 0]);
  expect(arrowOf(press("ArrowUp", "shift"))).toEqual([0, -0.5]);
  expect([press("ArrowUp", "alt"), press("ArrowUp", "ctrl"), press("a")].map(arrowOf)).toEqual([undefined, undefined, undefined]);
});
