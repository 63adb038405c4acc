import { expect, test } from "vitest";
import { along, rangesOf } from "./slices";

const slice = (id: number, channel: number, zStack: number, time = 0) => ({ id, channel, zStack, time, channelName: null });
const stack = [slice(1, 0, 0), slice(2, 0, 1), slice(3, 1, 0), slice(4, 1, 1), slice(5, 0, 2)];

test("there is a choice only where planes differ", () => {
  expect(rangesOf(stack)).toEqual([{ axis: "channel", values: [0, 1] }, { axis: "zStack", values: [0, 1, 2] }]);
  expect(rangesOf([slice(1, 0, 0)])).toEqual([]);
});

test("along one axis the others stay, where the file has such a plane", () => {
  expect(along(stack, stack[1], "channel", 1).id).toBe(4);
  expect(along(stack, stack[4], "channel", 1).id).toBe(4);
  expect(along(stack, stack[4], "time", 9).id).toBe(5);
});
