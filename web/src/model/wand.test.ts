import { expect, test } from "vitest";
import { type Picture, alike, blurred, outlinesOf } from "./wand";

/** A picture of 60 x 40, dark where it says so. */
function picture(isDark: (x: number, y: number) => boolean): Picture {
  const [width, height] = [60, 40];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.fill(isDark(x, y) ? 50 : 220, 4 * (y * width + x), 4 * (y * width + x) + 3);
  return { width, height, data };
}

const inBox = (x: number, y: number, left: number, top: number, side: number) => x >= left && x < left + side && y >= top && y < top + side;
const count = (found: Uint8Array) => found.reduce((sum, one) => sum + one, 0);
const rings = (of: Picture, x: number, y: number, reach = 30) => outlinesOf(alike(of, [x, y], reach), of.width, of.height);

test("what looks alike and hangs together is found, and nothing beyond", () => {
  const two = picture((x, y) => inBox(x, y, 5, 5, 10) || inBox(x, y, 30, 5, 20));
  expect([count(alike(two, [7, 7], 30)), count(alike(two, [35, 10], 30)), count(alike(two, [7, 7], 441))]).toEqual([100, 400, 2400]);
  expect(count(alike(two, [-1, 7], 30))).toBe(0);
});

test("what touches at a corner alone does not hang together", () => {
  const two = picture((x, y) => inBox(x, y, 5, 5, 10) || inBox(x, y, 15, 15, 10));
  expect(rings(two, 7, 7)).toEqual([[[5, 5], [15, 5], [15, 15], [5, 15]]]);
});

test("an outline has the holes, but no specks", () => {
  const holed = picture((x, y) => inBox(x, y, 5, 5, 30) && !inBox(x, y, 10, 10, 10) && !inBox(x, y, 30, 30, 2));
  expect(rings(holed, 6, 6).map((ring) => ring.length)).toEqual([4, 4]);
});

test("what reaches the edge of the picture ends there, and the whole picture has one outline", () => {
  expect(rings(picture(() => false), 3, 3)).toEqual([[[0, 0], [60, 0], [60, 40], [0, 40]]]);
});

test("a ring that meets itself at a corner is closed all the same", () => {
  const pinched = picture((x, y) => inBox(x, y, 5, 5, 30) && !inBox(x, y, 10, 10, 8) && !inBox(x, y, 18, 18, 8));
  const found = rings(pinched, 6, 6);
  expect(found[0]).toEqual([[5, 5], [35, 5], [35, 35], [5, 35]]);
  expect(found.slice(1).flat().length).toBeGreaterThanOrEqual(8);
});

test("a blurred picture has less noise and the same mean", () => {
  const noisy = picture((x, y) => (x + y) % 2 === 0);
  const soft = blurred(noisy);
  const spread = ({ data }: Picture) => Math.abs(data[4 * (20 * 60 + 30)] - data[4 * (20 * 60 + 31)]);
  expect(spread(soft)).toBeLessThan(spread(noisy) / 4);
  const plain = picture(() => true);
  expect(blurred(plain).data.filter((_, k) => k % 4 < 3).every((one) => one === 50)).toBe(true);
});
