/** The scale bar: a round length that is about as long as there is room. */

export interface Bar {
  length: number;
  unit: "µm" | "mm" | "px";
  widthPx: number;
}

const LONGEST_PX = 140;

/** `downsample`: level-0 pixels for each pixel of the screen; `mpp`: µm for each level-0 pixel, null where unknown. */
export function barFor(downsample: number, mpp: number | null): Bar {
  const each = downsample * (mpp ?? 1);
  const most = LONGEST_PX * each;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [5, 2, 1].find((one) => one * power <= most) ?? 1;
  const length = step * power;
  const widthPx = length / each;
  if (mpp === null) return { length, unit: "px", widthPx };
  return length >= 1000 ? { length: length / 1000, unit: "mm", widthPx } : { length, unit: "µm", widthPx };
}

/** What stands at it; `number` writes in the reader's manner, `px` is their word for pixels. */
export function wordsOf({ length, unit }: Bar, number: (value: number, digits: number) => string, px: string): string {
  return `${number(length, 3)} ${unit === "px" ? px : unit}`;
}
