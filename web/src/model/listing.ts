/** A list of the server's, page by page: the last question counts, however late an earlier one is answered. */

import { type Ref, onScopeDispose, ref, watch } from "vue";
import { type ListPath, type Listing, type PlaceOf, type QueryOf, type RowOf, ask } from "../api/client";
import { createTurns } from "./turns";

export interface Rows<T, Query> {
  rows: Ref<T[]>;
  total: Ref<number>;
  loading: Ref<boolean>;
  /** What went wrong, as `wordsOf` tells it; undefined when nothing did. */
  failure: Ref<unknown>;
  load(query: Query): Promise<void>;
  /** What follows the rows that are there. */
  more(query: Query): Promise<void>;
}

/** The rows of one of the server's lists. `place`: what its path asks for. */
export function useListing<P extends ListPath>(path: P, ...[place]: unknown extends PlaceOf<P> ? [] : [place: () => PlaceOf<P>]) {
  // That a list is answered, whichever it is, the compiler cannot follow.
  const read = ask as (method: "GET", path: P, said: object) => Promise<unknown>;
  return listing<RowOf<P>, QueryOf<P>>((query) => read("GET", path, { ...(place?.() as object | undefined), query }) as Promise<Listing<RowOf<P>>>);
}

export function listing<T, Query extends object>(question: (query: Query & { offset?: number }) => Promise<Listing<T>>): Rows<T, Query> {
  const rows = ref([]) as Ref<T[]>;
  const total = ref(0);
  const loading = ref(true);
  const failure = ref<unknown>();
  const begin = createTurns();

  async function read(query: Query, before: T[]) {
    const isLast = begin();
    loading.value = true;
    failure.value = undefined;
    try {
      const found = await question({ ...query, ...(before.length ? { offset: before.length } : {}) });
      if (!isLast()) return;
      rows.value = [...before, ...found.collection];
      total.value = found.size;
    } catch (error) {
      if (isLast()) failure.value = error;
    } finally {
      if (isLast()) loading.value = false;
    }
  }

  return {
    rows,
    total,
    loading,
    failure,
    load: (query) => read(query, []),
    more: (query) => read(query, rows.value),
  };
}

/** What somebody types into a search field, told once they pause. */
export function useSearch(act: () => void, pause_ms = 250): Ref<string> {
  const search = ref("");
  let wait: ReturnType<typeof setTimeout>;
  watch(search, () => {
    clearTimeout(wait);
    wait = setTimeout(act, pause_ms);
  });
  onScopeDispose(() => clearTimeout(wait));
  return search;
}

/** The part of a question that looks for `search` in a field. */
export function ilike<F extends string>(field: F, search: string): { [K in F]?: { ilike: string } } {
  return (search ? { [field]: { ilike: search } } : {}) as { [K in F]?: { ilike: string } };
}

/** Numbers that an address joins by commas; nonsense is passed over. */
export function idsIn(text: unknown): number[] {
  return typeof text === "string" ? text.split(",").filter((one) => /^\d{1,16}$/.test(one)).map(Number) : [];
}
