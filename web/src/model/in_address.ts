/** What a page is asked for stands in its address: back and forward go through it, and a link shows the same. */

import { type Ref, computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import { type LocationQuery, type RouteLocationRaw, useRoute, useRouter } from "vue-router";

export type Words = Record<string, string | undefined>;

/** The first of each word; an address may hold one several times. */
export function wordsIn(query: LocationQuery): Words {
  return Object.fromEntries(Object.entries(query).map(([name, said]) => [name, (Array.isArray(said) ? said[0] : said) ?? undefined]));
}

export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  const here = route.path;
  const words = shallowRef(wordsIn(route.query));
  // While one goes elsewhere, the page that is left stays as it is.
  watch(
    () => route.query,
    (query) => route.path === here && (words.value = wordsIn(query)),
  );

  function write(changes: Words, go: typeof router.push): void {
    if (route.path !== here) return;
    words.value = { ...words.value, ...changes };
    void go({ query: words.value });
  }

  /** What is undefined is left out. */
  const say = (changes: Words) => write(changes, router.push);
  /** The same without a step that one could go back. */
  const correct = (changes: Words) => write(changes, router.replace);

  /** One word; another choice begins at the first page. */
  function word(name: string): Ref<string | null> {
    return computed({
      get: () => words.value[name] ?? null,
      set: (now) => say({ page: undefined, [name]: now || undefined }),
    });
  }

  return { words, say, correct, word };
}

/** Leads on once something is done: only who is still here, not who went elsewhere meanwhile. */
export function useWayOn() {
  const route = useRoute();
  const router = useRouter();
  const here = route.path;
  return async (to: RouteLocationRaw): Promise<void> => {
    if (route.path === here) await router.push(to);
  };
}

const PAUSE_MS = 250;

/** What a list is searched for: `search` as it is typed, `sought` once somebody pauses. */
export function useSought({ words, say }: Pick<ReturnType<typeof useAddress>, "words" | "say">) {
  const sought = computed(() => words.value.search ?? "");
  const search = ref(sought.value);
  let said = sought.value;
  let wait: ReturnType<typeof setTimeout>;
  watch(search, (now) => {
    clearTimeout(wait);
    if (now !== sought.value) wait = setTimeout(() => say({ page: undefined, search: (said = now) || undefined }), PAUSE_MS);
  });
  onScopeDispose(() => clearTimeout(wait));
  watch(sought, (now) => {
    // Not over what somebody goes on typing.
    if (now !== said) search.value = said = now;
  });
  return { search, sought };
}
