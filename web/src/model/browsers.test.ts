import { expect, test } from "vitest";
import { browserOf } from "./browsers";

const LIKE = "(KHTML, like Gecko)";

test.each([
  [`Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${LIKE} Chrome/126.0.0.0 Safari/537.36`, "Chrome 126, Linux"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 ${LIKE} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`, "Edge 126, Windows"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128, macOS"],
  [`Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 ${LIKE} Version/17.5 Mobile/15E148 Safari/604.1`, "Safari 17, iPad"],
  [`Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 ${LIKE} Chrome/126.0.0.0 Mobile Safari/537.36`, "Chrome 126, Android"],
])("a browser is called as people call it: %s", (agent, name) => {
  expect(browserOf(agent)).toBe(name);
});

test("a program is no browser, and what says nothing is nothing", () => {
  expect(browserOf("python-requests/2.32")).toBeUndefined();
  expect(browserOf("")).toBeUndefined();
});
