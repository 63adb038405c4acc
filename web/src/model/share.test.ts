import { expect, test } from "vitest";
import { fileNameOf } from "./share";

const DAY = new Date("2026-11-27T12:00:00Z");

test("a picture is called by its slide, in signs that every disk takes", () => {
  expect(fileNameOf("切片 1.svs", "png", DAY)).toBe("切片 1.svs-2026-11-27.png");
  expect(fileNameOf("../..\\a:b\u0000", "png", DAY)).toBe("_.._a_b_-2026-11-27.png");
  expect(fileNameOf("...", "png", DAY)).toBe("slide-2026-11-27.png");
  expect(fileNameOf("x".repeat(500), "png", DAY).length).toBeLessThan(130);
});
