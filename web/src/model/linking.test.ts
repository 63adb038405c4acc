import { expect, test } from "vitest";
import { along, asLarge, beside, onScreen, onSlide } from "./linking";
import type { Position } from "./position";

const at = (change: Partial<Position> = {}): Position => ({ centre: [1000, 800], downsample: 2, degrees: 0, isFlipped: false, ...change });

test("a point lies to the right and below, turned clockwise, and mirrored after that", () => {
  expect(onScreen(at(), [1020, 780])).toEqual([10, 10]);
  const [right, down] = onScreen(at({ degrees: 90 }), [1020, 800]);
  expect([right, down].map(Math.round)).toEqual([0, 10]);
  expect(onScreen(at({ isFlipped: true }), [1020, 780])).toEqual([-10, 10]);
});

test("what is seen at a place of the screen lies there", () => {
  for (const position of [at(), at({ degrees: 35 }), at({ degrees: -70, isFlipped: true })]) {
    const [x, y] = onSlide(position, onScreen(position, [1234, 567]));
    expect(x).toBeCloseTo(1234);
    expect(y).toBeCloseTo(567);
  }
});

test("the other goes as far on the screen, zooms as much and turns as much", () => {
  const base = at({ centre: [50, 60], downsample: 4, degrees: 30 });
  const now = along(base, at(), at({ centre: [1020, 800], downsample: 1, degrees: 45 }));
  expect(now.downsample).toBe(2);
  expect(now.degrees).toBe(75);
  const [right, down] = onScreen(base, now.centre);
  expect(right).toBeCloseTo(10);
  expect(down).toBeCloseTo(0);
});

test("a mirrored slide goes along as it is seen", () => {
  const base = at({ isFlipped: true });
  const now = along(base, at(), at({ centre: [1020, 780], degrees: 20 }));
  expect(now.centre[0]).toBeCloseTo(980);
  expect(now.centre[1]).toBeCloseTo(780);
  expect(now.degrees).toBe(-20);
  expect(now.isFlipped).toBe(true);
});

test("what lay on the same place of two screens still does, wherever one of them goes", () => {
  const [one, other] = [at({ degrees: 10 }), at({ centre: [300, 300], downsample: 5, degrees: 200, isFlipped: true })];
  const to = at({ centre: [700, 900], downsample: 0.5, degrees: 77 });
  const now = along(other, one, to);
  const [right, down] = onScreen(to, [710, 905]);
  const same = onSlide(other, onScreen(one, [710, 905]));
  expect(onScreen(now, same)[0]).toBeCloseTo(right);
  expect(onScreen(now, same)[1]).toBeCloseTo(down);
});

const slide = { width: 4000, height: 2000, mpp: 0.25 };

test("linked anew, a slide is as large as the other by the scale, and where it was", () => {
  const now = asLarge(at({ downsample: 9 }), { width: 100, height: 50, mpp: 0.5 }, at(), slide);
  expect(now).toEqual(at({ downsample: 1 }));
  expect(asLarge(at({ downsample: 9 }), { width: 100, height: 50, mpp: null }, at(), slide).downsample).toBe(9);
});

test("a slide beside begins as far from its middle, and on itself", () => {
  const other = { width: 2000, height: 1000, mpp: 0.5 };
  expect(beside(at({ centre: [2200, 900] }), slide, other)).toEqual(at({ centre: [1100, 450], downsample: 1 }));
  expect(beside(at(), slide, { width: 1000, height: 500, mpp: null }).downsample).toBe(0.5);
  expect(beside(at({ centre: [2200, 900] }), slide, { width: 100, height: 60, mpp: 0.25 }).centre).toEqual([100, 0]);
});
