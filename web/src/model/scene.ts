/** The slides that one page shows, as its address says it: those of the second on bear its number, as in `x2`. */

import type { Query } from "./position";

export const MOST_SLIDES = 4;

export interface Scene {
  slides: { image: number; query: Query }[];
  /** Which of them is worked at. */
  active: number;
  /** Whether they move together. */
  isLinked: boolean;
}

type Asked = Record<string, unknown>;

export function readScene(image: number, asked: Asked): Scene {
  const slides = [{ image, query: of(asked, "") }];
  for (let place = 2; place <= MOST_SLIDES; place++) {
    const other = Number(asked[`beside${place}`]);
    const isNew = Number.isSafeInteger(other) && other > 0 && !slides.some((one) => one.image === other);
    if (isNew) slides.push({ image: other, query: of(asked, String(place)) });
  }
  const active = Number(asked.at ?? 1) - 1;
  return { slides, active: slides[active] ? active : 0, isLinked: asked.apart !== "1" };
}

export function writeScene({ slides, active, isLinked }: Scene): Query {
  const query: Query = { ...slides[0]?.query };
  slides.slice(1).forEach((one, k) => {
    const place = k + 2;
    query[`beside${place}`] = String(one.image);
    for (const [name, value] of Object.entries(one.query)) query[`${name}${place}`] = value;
  });
  if (active > 0) query.at = String(active + 1);
  if (!isLinked && slides.length > 1) query.apart = "1";
  return query;
}

/** What is said of one of them, without its number. */
function of(asked: Asked, place: string): Query {
  const mine = Object.entries(asked).flatMap(([key, value]) => {
    const [, name, number] = /^([a-z]+)(\d*)$/.exec(key) ?? [];
    return name && number === place && typeof value === "string" && !OF_ALL.includes(name) ? [[name, value]] : [];
  });
  return Object.fromEntries(mine);
}

const OF_ALL = ["at", "apart", "beside"];
