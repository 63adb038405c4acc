/** How many annotations of an image bear each term, as the server counts them: whatever is on the screen. */

import { shallowRef } from "vue";
import { ask } from "../api/client";

export interface Counted {
  total: number;
  withoutTerm: number;
  terms: { term: number; number: number }[];
}

export type Counts = Map<number | null, number>;

type Ask = (query: string) => Promise<Counted>;

/** `filter`: whose, on which plane; terms that are hidden are counted all the same. */
export function createTermCounts(image: number, filter: () => Record<string, string>, asked: Ask = (query) => ask("GET", `api/atrisys/imageinstance/${image}/terms.json?${query}`)) {
  /** By term; null: those without any. Undefined until they are known. */
  const counts = shallowRef<Counts>();
  let last = 0;

  return {
    counts,
    async again(): Promise<void> {
      const turn = ++last;
      const { terms, noTerm, ...other } = filter();
      const found = await asked(new URLSearchParams(other).toString()).catch(() => undefined);
      if (turn !== last || !found) return;
      counts.value = new Map([[null, found.withoutTerm], ...found.terms.map(({ term, number }) => [term, number] as const)]);
    },
  };
}
