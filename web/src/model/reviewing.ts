/** One annotation after the other, as a reviewer looks through them. */

import { ref } from "vue";
import { type QueryOf, Refusal, ask } from "../api/client";
import type { Annotation } from "../api/shapes";
import { listShapes } from "./annotations";

const PLACE = "/api/atrisys/imageinstance/{id}/annotation/{annotation}/place.json";

const toServer = {
  list: listShapes,
  place: (image: number, id: number, query: QueryOf<typeof PLACE>) => ask("GET", PLACE, { path: { id: image, annotation: id }, query }),
};

export function createReviewing(image: number, filter: () => Record<string, string>, asked = toServer) {
  /** Which one of how many; 0: none yet. */
  const at = ref(0);
  const total = ref(0);
  let here: number | undefined;
  let standing: Promise<unknown> = Promise.resolve();

  async function find(id: number): Promise<void> {
    here = id;
    try {
      const found = await asked.place(image, id, filter());
      if (here === id) [at.value, total.value] = [found.place, found.total];
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error;
      if (here === id) at.value = total.value = 0;
    }
  }

  return {
    at,
    total,
    /** The next one, or the one before; round the end it begins anew. */
    async step(by: 1 | -1): Promise<Annotation | undefined> {
      await standing;
      const offset = total.value ? (at.value - 1 + by + total.value) % total.value : 0;
      const query = { image, ...filter(), max: 1 };
      let found = await asked.list({ ...query, offset });
      if (!found.collection.length && found.size) found = await asked.list({ ...query, offset: 0 });
      total.value = found.size;
      at.value = found.collection.length ? Math.min(offset, found.size - 1) + 1 : 0;
      here = found.collection[0]?.id;
      return found.collection[0];
    },
    /** Goes on from this one; where the list does not hold it, from the start. */
    stand(id: number): Promise<void> {
      const found = id === here ? Promise.resolve() : find(id);
      standing = found.catch(() => {});
      return found;
    },
    again(): void {
      at.value = total.value = 0;
      here = undefined;
    },
  };
}

/** Whoever begins is the image's reviewer. */
export const startReview = (image: number) => ask("POST", "/api/imageinstance/{id}/review.json", { path: { id: image } });

export async function decide(annotation: number, accepts: boolean): Promise<number | null> {
  const [path, here] = ["/api/annotation/{id}/review.json", { path: { id: annotation } }] as const;
  const done = accepts ? await ask("POST", path, { ...here, body: {} }) : await ask("DELETE", path, here);
  return done.command;
}
