/** How many annotations of an image bear each term, as the server counts them: whatever is on the screen. */

import { shallowRef } from "vue";
import { type Answer, type QueryOf, ask } from "../api/client";
import { createTurns } from "./turns";

export type Counts = Map<number | null, number>;

const PATH = "/api/atrisys/imageinstance/{id}/terms.json";
type Words = QueryOf<typeof PATH>;
export type Counted = Answer<"GET", typeof PATH>;
type Ask = (query: Words) => Promise<Counted>;

/** `filter`: whose, on which plane; terms that are hidden are counted all the same. */
export function createTermCounts(image: number, filter: () => Record<string, string>, asked: Ask = (query) => ask("GET", PATH, { path: { id: image }, query })) {
  /** By term; null: those without any. Undefined until they are known. */
  const counts = shallowRef<Counts>();
  const begin = createTurns();

  return {
    counts,
    async again(): Promise<void> {
      const isLast = begin();
      const { terms, noTerm, ...other } = filter();
      const found = await asked(other).catch(() => undefined);
      if (!isLast() || !found) return;
      counts.value = new Map([[null, found.withoutTerm], ...found.terms.map(({ term, number }) => [term, number] as const)]);
    },
  };
}
