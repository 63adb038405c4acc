/** A table that the server pages, sorts and filters; what is asked for is what the library's table says. */

import { ref, watch } from "vue";
import type { Rows } from "./listing";

interface Sort {
  key: string;
  order?: boolean | "asc" | "desc";
}

export interface Wish {
  page: number;
  itemsPerPage: number;
  sortBy: Sort[];
}

/** `more`: what is asked for beside the page; `sort`: the order that a newcomer sees. */
export function useTable<T, Query extends object>(listing: Rows<T, Query>, more: () => Query, sort: Sort) {
  const wish = ref<Wish>({ page: 1, itemsPerPage: 25, sortBy: [sort] });

  function read() {
    const { page, itemsPerPage, sortBy } = wish.value;
    const { key, order } = sortBy[0] ?? sort;
    return listing.load({ max: itemsPerPage, offset: (page - 1) * itemsPerPage, sort: key, order: String(order), ...more() });
  }

  /** From the first page on: something else is looked for. */
  const restart = () => (wish.value.page === 1 ? read() : (wish.value = { ...wish.value, page: 1 }));

  function change(options: Wish) {
    const { page, itemsPerPage, sortBy } = options;
    const next = { page, itemsPerPage, sortBy };
    if (JSON.stringify(next) !== JSON.stringify(wish.value)) wish.value = next;
  }

  watch(wish, read, { immediate: true });
  return { ...listing, wish, read, restart, change };
}
