import { expect, test } from "vitest";
import { createClipboard, pasted } from "./copying";
import type { Position } from "./position";

const at = (change: Partial<Position> = {}): Position => ({ centre: [1000, 1000], downsample: 1, degrees: 0, isFlipped: false, ...change });
const slide = { width: 4000, height: 4000, mpp: 0.25 };
const screen: [number, number] = [800, 600];
const copied = { image: 1, location: "POLYGON ((1000 1000, 1040 1000, 1040 980, 1000 980, 1000 1000))", terms: [3], slide, position: at() };

test("on a slide of half the scale it has half as many pixels, at the same place of the screen", () => {
  const onto = { image: 2, slide: { ...slide, mpp: 0.5 }, position: at({ centre: [500, 500], downsample: 0.5 }), screen };
  expect(pasted(copied, onto)).toBe("POLYGON ((500 500, 520 500, 520 490, 500 490, 500 500))");
});

test("a slide that is turned or mirrored gets it as it is seen", () => {
  const turned = pasted({ ...copied, location: "LINESTRING (1000 1000, 1040 1000)" }, { image: 2, slide, position: at({ degrees: 90 }), screen });
  expect(turned).toBe("LINESTRING (1000 1000, 1000 1040)");
  const mirrored = pasted({ ...copied, location: "LINESTRING (1000 1000, 1040 1000)" }, { image: 2, slide, position: at({ isFlipped: true }), screen });
  expect(mirrored).toBe("LINESTRING (1000 1000, 960 1000)");
});

test("on the same slide it lies aside, and what was out of sight at the edge", () => {
  expect(pasted({ ...copied, location: "POINT (1000 1000)" }, { image: 1, slide, position: at(), screen })).toBe("POINT (1016 984)");
  expect(pasted({ ...copied, location: "POINT (3000 1000)" }, { image: 2, slide, position: at(), screen })).toBe("POINT (1400 1000)");
});

test("a copy is for who made it", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text) };
  createClipboard(1, storage).put(copied);
  expect(createClipboard(1, storage).get()).toEqual(copied);
  expect(createClipboard(2, storage).get()).toBeNull();
});
