/** What was used last, the latest first, kept in this browser. */

import { ref } from "vue";

const MOST = 5;

export function createRecent(name: string, storage: Pick<Storage, "getItem" | "setItem"> = localStorage) {
  const ids = ref<number[]>(read());

  function read(): number[] {
    try {
      const kept = JSON.parse(storage.getItem(name) ?? "[]");
      return Array.isArray(kept) && kept.every(Number.isInteger) ? kept.slice(0, MOST) : [];
    } catch {
      return [];
    }
  }

  return {
    ids,
    use(id: number): void {
      ids.value = [id, ...ids.value.filter((other) => other !== id)].slice(0, MOST);
      storage.setItem(name, JSON.stringify(ids.value));
    },
  };
}
