/** Who is on the slide and where they look: told by each page that shows it, in the map's frame (y upwards). */

import { type RowOf, ask } from "../api/client";
import type { Point } from "./frame";
import { onSlide } from "./linking";
import { type Place, inDegrees, radians } from "./position";
import { readParts } from "./shape";

export type Size = [width: number, height: number];

/** Somebody's view, as the server tells it: its corners from the top left, clockwise, and its turn in radians. */
export type Seen = Pick<Present, "user" | "slice" | "created" | "location" | "rotation">;
/** `followsMe`: whether they move as whoever asks does. */
export type Present = RowOf<"/api/atrisys/imageinstance/{id}/present.json">;

const TILE_PX = 256;
/** Each holds white letters at 4.5 to 1, and they are told apart by those who see few colours. */
const COLOURS = ["#0065a3", "#a94400", "#00705a", "#8c3a76", "#5b4ba8", "#735a00"];

export const colourOf = (user: number) => COLOURS[user % COLOURS.length];

/** Two letters of a name; one sign of a name without spaces that is not written in letters, as Chinese ones. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  if (/\p{Script=Han}/u.test(words[0])) return [...words[0]][0];
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  return ends.map((word) => [...word][0] ?? "").join("").toUpperCase();
}

/** The corners of a view on a screen of that size, from the top left, clockwise. */
export function cornersOf(view: Place, [width, height]: Size): Point[] {
  const [right, down] = [width / 2, height / 2];
  const corners: Point[] = [[-right, -down], [right, -down], [right, down], [-right, down]];
  return corners.map((corner) => onSlide({ ...view, isFlipped: false }, corner));
}

/** What the server is told of a view; `longest`: the longer side of the slide. */
export function positionOf(view: Place, size: Size, longest: number, broadcast: boolean) {
  const [[topLeftX, topLeftY], [topRightX, topRightY], [bottomRightX, bottomRightY], [bottomLeftX, bottomLeftY]] = cornersOf(view, size);
  const corners = { topLeftX, topLeftY, topRightX, topRightY, bottomRightX, bottomRightY, bottomLeftX, bottomLeftY };
  const zoom = Math.round(Math.max(0, Math.log2(longest / TILE_PX / view.downsample)));
  return { ...corners, zoom, rotation: radians(view.degrees), broadcast };
}

export type Told = ReturnType<typeof positionOf>;

export function frameOf({ location }: Seen): Point[] {
  const flat = readParts(location)[0]?.flat ?? new Float64Array();
  return [0, 2, 4, 6].map((k) => [flat[k], flat[k + 1]]);
}

/** The view of a screen of that size in which all is seen that they see; undefined for what is no view. */
export function asSeenBy(seen: Seen, [width, height]: Size): Place | undefined {
  const [a, b, c, d] = frameOf(seen);
  const downsample = Math.max(Math.hypot(b[0] - a[0], b[1] - a[1]) / width, Math.hypot(d[0] - a[0], d[1] - a[1]) / height);
  if (!(downsample > 0) || !Number.isFinite(downsample)) return undefined;
  return { centre: [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2], downsample, degrees: inDegrees(seen.rotation) };
}

const REST_MS = 10_000;

/** Tells where one looks, each time that it is asked to: what is new, and now and then what is not. */
export function createTeller<Said extends object>(tell: (said: Said) => Promise<unknown>, now = Date.now) {
  let last = "";
  let told = Number.NEGATIVE_INFINITY;
  return async (said: Said): Promise<void> => {
    const words = JSON.stringify(said);
    if (words === last && now() - told < REST_MS) return;
    last = words;
    told = now();
    await tell(said);
  };
}

/** On the plane that is shown (`slice`), where there are several. */
export function tellPosition(image: number, slice: number | undefined, position: Told): Promise<unknown> {
  if (slice === undefined) return ask("POST", "/api/imageinstance/{id}/position.json", { path: { id: image }, body: position });
  return ask("POST", "/api/sliceinstance/{id}/position.json", { path: { id: slice }, body: position });
}

/** The others that somebody may see there. */
export async function readPresent(image: number, me: number): Promise<Present[]> {
  const { collection } = await ask("GET", "/api/atrisys/imageinstance/{id}/present.json", { path: { id: image }, query: { max: 100 } });
  return collection.filter((one) => one.user !== me);
}

/** Where somebody looks; undefined where they went, or show it no longer. */
export async function readFollowed(image: number, user: number): Promise<Seen | undefined> {
  const found: Partial<Seen> = await ask("GET", "/api/imageinstance/{id}/position/{user_id}.json", { path: { id: image, user_id: user } });
  return found.location === undefined ? undefined : (found as Seen);
}
