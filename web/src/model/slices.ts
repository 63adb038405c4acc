/** The planes of an image: channels, depths, times. */

export interface Slice {
  id: number;
  channel: number;
  zStack: number;
  time: number;
  channelName: string | null;
  channelColor?: string | null;
}

export const AXES = ["channel", "zStack", "time"] as const;
export type Axis = (typeof AXES)[number];

export interface Range {
  axis: Axis;
  values: number[];
}

/** The axes along which there is a choice. */
export function rangesOf(slices: Slice[]): Range[] {
  return AXES.map((axis) => ({ axis, values: [...new Set(slices.map((one) => one[axis]))].sort((one, other) => one - other) })).filter(
    ({ values }) => values.length > 1,
  );
}

/** The plane at another place along one axis; where the file has none there, the one that differs least elsewhere. */
export function along(slices: Slice[], from: Slice, axis: Axis, to: number): Slice {
  const differs = (one: Slice) => AXES.reduce((sum, other) => sum + Math.abs(one[other] - from[other]), 0);
  const there = slices.filter((one) => one[axis] === to).sort((one, other) => differs(one) - differs(other));
  return there[0] ?? from;
}
