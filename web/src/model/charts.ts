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

/** The outline of an area below a line through the points, in a box of that width and height, from its top left. */
export function areaOf(points: Point[], width: number, height: number): string {
  const top = topOf(points.map((point) => point.size));
  const step = points.length > 1 ? width / (points.length - 1) : width;
  const line = points.map(({ size }, place) => `${round(place * step)},${round(height - (size / top) * height)}`);
  return line.length ? `M0,${height} L${line.join(" L")} L${round((points.length - 1) * step)},${height} Z` : "";
}

const round = (value: number) => Math.round(value * 10) / 10;
