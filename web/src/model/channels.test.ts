import { expect, test } from "vitest";
import { allChannels, readLayers, tileQuery, writeLayers } from "./channels";
import type { Slice } from "./slices";

const plane = (channel: number, zStack = 0, channelColor: string | null = null): Slice => ({
  id: 10 * channel + zStack,
  channel,
  zStack,
  time: 0,
  channelName: null,
  channelColor,
});

test("each channel is there once, in the colour that its file tells or one of ours", () => {
  const layers = allChannels([plane(0, 0, "#00FF00"), plane(0, 1, "#00FF00"), plane(1), plane(2, 0, "green?")]);
  expect(layers.map(({ channel }) => channel)).toEqual([0, 1, 2]);
  expect(layers[0].colour).toBe("#00ff00");
  expect(new Set(layers.map(({ colour }) => colour)).size).toBe(3);
});

const layers = [
  { channel: 0, colour: "#4f8bff", window: null },
  { channel: 2, colour: "#ff5252", window: [100, 4000] as [number, number] },
];

test("the address tells them, and nonsense is passed over", () => {
  expect(writeLayers(layers)).toBe("0:4f8bff,2:ff5252:100:4000");
  expect(readLayers(writeLayers(layers))).toEqual(layers);
  expect(readLayers("x:ff0000,1:red,1:ff00001,-1:ff0000")).toEqual([]);
  expect(readLayers("1:ff0000:9:3,1:00ff00:a:b")).toEqual([
    { channel: 1, colour: "#ff0000", window: null },
    { channel: 1, colour: "#00ff00", window: null },
  ]);
  expect(readLayers(undefined)).toEqual([]);
});

test("tiles are asked for with a word of each", () => {
  expect(Object.fromEntries(new URLSearchParams(tileQuery(layers)))).toEqual({
    channels: "0,2",
    colormaps: "#4f8bff,#ff5252",
    minIntensities: "AUTO_IMAGE,100",
    maxIntensities: "AUTO_IMAGE,4000",
  });
});
