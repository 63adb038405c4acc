/** A table that the server pages, sorts and filters, as the address says; its wishes are those of the library's table. */

import { computed, watch } from "vue";
import { type Words, useAddress, useSought } from "./in_address";
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

const EACH = 25;
const LARGEST = 10_000;

/** `sort`: the order that a newcomer sees; it need not be said. */
export function readWish({ page, size, sort: key, order }: Words, sort: Sort): Wish {
  const number = (said: string | undefined, other: number) => (/^[1-9]\d*$/.test(said ?? "") ? Math.min(Number(said), LARGEST) : other);
  // -1 is the library's word for all.
  const itemsPerPage = size === "-1" ? -1 : number(size, EACH);
  return { page: number(page, 1), itemsPerPage, sortBy: [key ? { key, order: order === "desc" ? "desc" : "asc" } : sort] };
}

export function writeWish({ page, itemsPerPage, sortBy: [by] }: Wish, sort: Sort): Words {
  const isUsual = !by || (by.key === sort.key && by.order === sort.order);
  return {
    page: page === 1 ? undefined : String(page),
    size: itemsPerPage === EACH ? undefined : String(itemsPerPage),
    sort: isUsual ? undefined : by.key,
    order: isUsual || by.order !== "desc" ? undefined : "desc",
  };
}

/** `more`: what is asked for beside the page, given what is searched for. */
export function useTable<T, Query extends object>(listing: Rows<T, Query>, more: (sought: string) => Query, sort: Sort) {
  const address = useAddress();
  const { search, sought } = useSought(address);
  const wish = computed(() => readWish(address.words.value, sort));

  function read() {
    const { page, itemsPerPage, sortBy } = wish.value;
    const [{ key, order }] = sortBy;
    const max = Math.max(0, itemsPerPage);
    return listing.load({ max, offset: (page - 1) * max, sort: key, order: String(order), ...more(sought.value) });
  }

  /** From the first page on: something else is listed. */
  const restart = () => (wish.value.page === 1 ? void read() : address.say({ page: undefined }));

  function change(next: Wish) {
    const said = writeWish(next, sort);
    if (JSON.stringify(said) !== JSON.stringify(writeWish(wish.value, sort))) address.say(said);
  }

  watch(() => JSON.stringify([wish.value, sought.value]), read, { immediate: true });
  return { ...listing, address, search, wish, read, restart, change };
}
