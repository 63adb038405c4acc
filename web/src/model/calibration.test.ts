import { expect, test } from "vitest";
import { isByHand, isSquare, mayCalibrate, readAmount } from "./calibration";

const FILE = { physicalSizeX: 0.5, physicalSizeY: 0.5, magnification: 20 };
const CLASSIC = { isReadOnly: false, isRestricted: false };

test("a scale is by hand where it is not the file's", () => {
  expect(isByHand({ ...FILE, magnification: 40 }, FILE)).toBe(false);
  expect(isByHand({ ...FILE, physicalSizeX: 0.25 }, FILE)).toBe(true);
  expect(isByHand({ ...FILE, physicalSizeY: 0.25 }, FILE)).toBe(true);
  expect(isByHand(FILE, { ...FILE, physicalSizeX: null, physicalSizeY: null })).toBe(true);
});

test("pixels are square where both sides are alike, or nothing is known", () => {
  expect(isSquare(FILE)).toBe(true);
  expect(isSquare({ ...FILE, physicalSizeX: null, physicalSizeY: null })).toBe(true);
  expect(isSquare({ ...FILE, physicalSizeY: 0.25 })).toBe(false);
});

test.each([
  ["0.25", 0.25],
  [" 0,25 ", 0.25],
  [".5", 0.5],
  ["40", 40],
  ["", null],
  ["  ", null],
  ["0", undefined],
  ["-1", undefined],
  ["0.5 µm", undefined],
  ["1,000.5", undefined],
  ["9999999999", undefined],
  [".", undefined],
])("%j is read as %s", (text, value) => {
  expect(readAmount(text)).toBe(value);
});

test("managers may calibrate, contributors as the project's mode says, guests never", () => {
  const [manager, contributor] = [true, false].map((isManager) => ({ id: 1, guest: false, isManager }));
  for (const project of [CLASSIC, { ...CLASSIC, isReadOnly: true }, { ...CLASSIC, isRestricted: true }]) {
    expect(mayCalibrate(manager, project, 2)).toBe(true);
    expect(mayCalibrate({ ...contributor, guest: true }, project, 1)).toBe(false);
  }
  expect(mayCalibrate(contributor, CLASSIC, 2)).toBe(true);
  expect(mayCalibrate(contributor, { ...CLASSIC, isReadOnly: true }, 1)).toBe(false);
  expect(mayCalibrate(contributor, { ...CLASSIC, isRestricted: true }, 2)).toBe(false);
  expect(mayCalibrate(contributor, { ...CLASSIC, isRestricted: true }, 1)).toBe(true);
});
