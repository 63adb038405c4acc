/** What charts are drawn from: plain numbers, without a drawing. */

export interface Point {
  /** Epoch ms: where the step begins. */
  date: number;
  size: number;
}

/** How many days a step has, so that so many days are some sixty steps at most. */
export function stepFor(days: number, most = 60): number {
  return Math.max(1, Math.ceil(days / most));
}

/** A round number that is at least as large as all of these: the top of the axis. */
export function topOf(values: number[]): number {
  const most = Math.max(1, ...values);
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * size).find((top) => top >= most)!;
}

/** The outline of an area below a line through the points, in a box of that width and height, from its top left; one alone is a block. */
export function areaOf(points: Point[], width: number, height: number): string {
  const all = points.length === 1 ? [points[0], points[0]] : points;
  const top = topOf(all.map((point) => point.size));
  const step = width / (all.length - 1);
  const line = all.map(({ size }, place) => `${round(place * step)},${round(height - (size / top) * height)}`);
  return line.length ? `M0,${height} L${line.join(" L")} L${width},${height} Z` : "";
}

const round = (value: number) => Math.round(value * 10) / 10;
