/** What the address says of one slide: where it is looked at, what is hidden, which shape is chosen, how it looks. */

import { type Layer, readLayers, writeLayers } from "./channels";
import { type Hidden, NOTHING_HIDDEN } from "./filter";
import { idsIn } from "./listing";
import { type Look, PLAIN, isPlain, within } from "./look";
import { type Position, type Query, fromQuery, toQuery } from "./position";

export interface Seen {
  /** undefined: nothing is said of it. */
  position?: Position;
  hidden: Hidden;
  annotation?: number;
  /** Channel, depth and time; undefined: the plane that is shown at first. */
  plane?: [number, number, number];
  look?: Look;
  /** Channels that are laid over one another; none: the plane alone. */
  channels: Layer[];
}

const NONE = "none";

export function toAddress({ position, hidden, annotation, plane, look, channels }: Seen, height: number): Query {
  return {
    ...(position ? toQuery(position, height) : {}),
    ...(hidden.terms.length ? { hide: hidden.terms.map((one) => one ?? NONE).join() } : {}),
    ...(hidden.people.length ? { without: hidden.people.join() } : {}),
    ...(hidden.drawn ? { reviewed: "1" } : {}),
    ...(annotation === undefined ? {} : { annotation: String(annotation) }),
    ...(plane ? { plane: plane.join() } : {}),
    ...(look && !isPlain(look) ? { look: [look.brightness, look.contrast, look.gamma].join() } : {}),
    ...(channels.length ? { channels: writeLayers(channels) } : {}),
  };
}

/** Nonsense is passed over. */
export function fromAddress(query: Query, height: number): Seen {
  const [plane, look] = [numbers(query.plane), numbers(query.look)];
  const hidden: Hidden = {
    ...NOTHING_HIDDEN,
    terms: words(query.hide).flatMap((one) => (one === NONE ? [null] : idsIn(one))),
    people: idsIn(query.without),
    drawn: query.reviewed === "1",
  };
  return {
    position: fromQuery(query, height),
    hidden,
    annotation: idsIn(query.annotation)[0],
    plane: plane.length === 3 ? (plane as [number, number, number]) : undefined,
    look: look.length === 3 ? within({ ...PLAIN, brightness: look[0], contrast: look[1], gamma: look[2] }) : undefined,
    channels: readLayers(query.channels),
  };
}

const words = (text?: string) => (text ? text.split(",") : []);

function numbers(text?: string): number[] {
  const read = words(text).map(Number);
  return read.every(Number.isFinite) ? read : [];
}
