/** One annotation after the other, as a reviewer looks through them. */

import { ref } from "vue";
import { type Listing, ask, list } from "../api/client";
import type { Annotation } from "../api/shapes";

type Query = Record<string, string | number>;
type Ask = (query: Query) => Promise<Listing<Annotation>>;

export function createReviewing(image: number, filter: () => Record<string, string>, asked: Ask = (query) => list<Annotation>("api/annotation.json", query)) {
  /** Which one of how many; 0: none yet. */
  const at = ref(0);
  const total = ref(0);

  return {
    at,
    total,
    /** The next one, or the one before; round the end it begins anew. */
    async step(by: 1 | -1): Promise<Annotation | undefined> {
      const offset = total.value ? (at.value - 1 + by + total.value) % total.value : 0;
      const query = { image, ...filter(), showBasic: "true", showWKT: "true", showTerm: "true", max: 1 };
      let found = await asked({ ...query, offset });
      if (!found.collection.length && found.size) found = await asked({ ...query, offset: 0 });
      total.value = found.size;
      at.value = found.collection.length ? Math.min(offset, found.size - 1) + 1 : 0;
      return found.collection[0];
    },
    again(): void {
      at.value = total.value = 0;
    },
  };
}

/** Whoever begins is the image's reviewer. */
export const startReview = (image: number) => ask<unknown>("POST", `api/imageinstance/${image}/review.json`);

export async function decide(annotation: number, accepts: boolean): Promise<number | null> {
  const done = await ask<{ command: number | null }>(accepts ? "POST" : "DELETE", `api/annotation/${annotation}/review.json`, accepts ? {} : undefined);
  return done.command;
}
