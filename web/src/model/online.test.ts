import { expect, test } from "vitest";
import { byImage } from "./online";

test("images know who looks at them, but for oneself", () => {
  const online = [
    { id: 1, position: [{ image: 10 }] },
    { id: 2, position: [{ image: 10 }, { image: 11 }] },
    { id: 3, position: [] },
    { id: 4, position: [{ image: 10 }] },
  ];
  expect([...byImage(online, 1)]).toEqual([[10, [2, 4]], [11, [2]]]);
});
