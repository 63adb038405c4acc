/** Drawings on their way to the server: nothing that was drawn is forgotten before it is saved. */

import { computed, reactive } from "vue";

export interface Unsaved {
  /** Names the drawing to the server too: sent twice, it is kept once. */
  key: string;
  location: string;
  terms: number[];
  state: "saving" | "failed";
  problem: string;
}

export type Send = (drawing: Unsaved) => Promise<number>;

export function createSaving(send: Send, wordsOf: (error: unknown) => string, saved: (key: string, id: number) => void) {
  const waiting = reactive(new Map<string, Unsaved>());

  async function attempt(drawing: Unsaved): Promise<void> {
    drawing.state = "saving";
    try {
      const id = await send(drawing);
      waiting.delete(drawing.key);
      saved(drawing.key, id);
    } catch (error) {
      drawing.state = "failed";
      drawing.problem = wordsOf(error);
    }
  }

  function add(key: string, location: string, terms: number[]): Promise<void> {
    waiting.set(key, { key, location, terms, state: "saving", problem: "" });
    return attempt(waiting.get(key)!);
  }

  const failed = computed(() => [...waiting.values()].filter((one) => one.state === "failed"));
  const retry = () => Promise.all(failed.value.map(attempt));

  /** Forgets what could not be saved; answers which drawings these were. */
  function discard(): string[] {
    const keys = failed.value.map((one) => one.key);
    for (const key of keys) waiting.delete(key);
    return keys;
  }

  return { waiting, failed, add, retry, discard };
}

export type Saving = ReturnType<typeof createSaving>;
