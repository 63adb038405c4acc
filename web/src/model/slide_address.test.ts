import { expect, test } from "vitest";
import { NOTHING_HIDDEN } from "./filter";
import { fromAddress, toAddress } from "./slide_address";

test("what was written is read again", () => {
  const seen = {
    position: { centre: [10, 20] as [number, number], downsample: 2, degrees: 30, isFlipped: true },
    hidden: { terms: [5, null, 7], people: [9], drawn: true },
    annotation: 77,
    plane: [1, 0, 4] as [number, number, number],
    look: { brightness: 0.1, contrast: 1.5, gamma: 0.8 },
    channels: [{ channel: 1, colour: "#ff0000", window: [3, 9] as [number, number] }],
  };
  expect(fromAddress(toAddress(seen, 1000), 1000)).toEqual(seen);
});

test("what is as usual is not said", () => {
  const position = { centre: [10, 20] as [number, number], downsample: 2, degrees: 0, isFlipped: false };
  const look = { brightness: 0, contrast: 1, gamma: 1 };
  expect(toAddress({ position, hidden: NOTHING_HIDDEN, look, channels: [] }, 1000)).toEqual({ x: "10", y: "980", d: "2" });
});

test("nonsense is passed over", () => {
  const seen = fromAddress({ hide: "a,-3,12", annotation: "x", plane: "1,2", look: "0,NaN,1", x: "1" }, 100);
  expect(seen).toEqual({ hidden: { ...NOTHING_HIDDEN, terms: [12] }, channels: [] });
  expect(fromAddress({ look: "99,-5,0" }, 100).look).toEqual({ brightness: 0.5, contrast: 0.2, gamma: 0.3 });
});
