/** Channels of an image laid over one another, each in its colour and its window of intensities. */

import type { Slice } from "./slices";

export interface Layer {
  channel: number;
  /** #rrggbb */
  colour: string;
  /** The intensities that are shown darkest and brightest; null: as the server measures them. */
  window: [number, number] | null;
}

/** Told apart on black, and by most of those who do not tell red from green. */
const COLOURS = ["#4f8bff", "#37d67a", "#ff5252", "#ffd23f", "#ff6ad5", "#5ce1e6"];
const COLOUR = /^#?([0-9a-f]{6})$/i;
const MEASURED = "AUTO_IMAGE";

/** All channels that the image has at the place of a plane, as they are shown when somebody begins. */
export function allChannels(slices: Slice[]): Layer[] {
  const first = new Map<number, Slice>();
  for (const one of slices) if (!first.has(one.channel)) first.set(one.channel, one);
  return [...first.values()].map(({ channel, channelColor }, k) => ({
    channel,
    colour: colourOf(channelColor) ?? COLOURS[k % COLOURS.length],
    window: null,
  }));
}

const colourOf = (text?: string | null) => {
  const [, hex] = COLOUR.exec(text ?? "") ?? [];
  return hex ? `#${hex.toLowerCase()}` : undefined;
};

/** What tiles are asked for with. */
export function tileQuery(layers: Layer[]): string {
  const each = (word: (layer: Layer) => string | number) => layers.map(word).join();
  return new URLSearchParams({
    channels: each(({ channel }) => channel),
    colormaps: each(({ colour }) => colour),
    minIntensities: each(({ window }) => window?.[0] ?? MEASURED),
    maxIntensities: each(({ window }) => window?.[1] ?? MEASURED),
  }).toString();
}

/** As the address says it: `0:4f8bff,2:ff5252:100:4000`. */
export function writeLayers(layers: Layer[]): string {
  return layers.map(({ channel, colour, window }) => [channel, colour.slice(1), ...(window ?? [])].join(":")).join();
}

/** Nonsense is passed over. */
export function readLayers(text: string | undefined): Layer[] {
  return (text ?? "").split(",").flatMap((one): Layer[] => {
    const [channel, hex, ...bounds] = one.split(":");
    const colour = colourOf(hex);
    const [low, high] = bounds.map(Number);
    if (!/^\d{1,4}$/.test(channel) || !colour) return [];
    return [{ channel: Number(channel), colour, window: low < high && Number.isFinite(high - low) ? [low, high] : null }];
  });
}
