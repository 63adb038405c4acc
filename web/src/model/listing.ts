/** A list of the server's, page by page: the last question counts, however late an earlier one is answered. */

import { type Ref, ref, watch } from "vue";
import { type Listing, list } from "../api/client";

export type Query = Record<string, string | number>;

export interface Rows<T> {
  rows: Ref<T[]>;
  total: Ref<number>;
  loading: Ref<boolean>;
  /** What went wrong, as `wordsOf` tells it; undefined when nothing did. */
  failure: Ref<unknown>;
  load(query: Query): Promise<void>;
  /** What follows the rows that are there. */
  more(query: Query): Promise<void>;
}

type Ask<T> = (path: string, query: Query) => Promise<Listing<T>>;

export function useListing<T>(path: () => string, ask: Ask<T> = list): Rows<T> {
  const rows = ref([]) as Ref<T[]>;
  const total = ref(0);
  const loading = ref(true);
  const failure = ref<unknown>();
  let asked = 0;

  async function read(query: Query, before: T[]) {
    const turn = ++asked;
    loading.value = true;
    failure.value = undefined;
    try {
      const found = await ask(path(), { ...query, ...(before.length ? { offset: before.length } : {}) });
      if (turn !== asked) return;
      rows.value = [...before, ...found.collection];
      total.value = found.size;
    } catch (error) {
      if (turn === asked) failure.value = error;
    } finally {
      if (turn === asked) loading.value = false;
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
  return search;
}

/** The part of a question that looks for `search` in a field. */
export function ilike(field: string, search: string): Query {
  return search ? { [`${field}[ilike]`]: search } : {};
}

/** Numbers that an address joins by commas; nonsense is passed over. */
export function idsIn(text: unknown): number[] {
  return typeof text === "string" ? text.split(",").filter((one) => /^\d{1,16}$/.test(one)).map(Number) : [];
}
