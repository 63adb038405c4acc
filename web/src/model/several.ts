/** Several annotations that are chosen together: named, merged, deleted in one step. */

import { computed, ref } from "vue";
import { MOST_AT_ONCE, deleteAll, giveAll, mergeAll } from "./annotations";
import type { Editing } from "./editing";
import type { Shape, ShapeId } from "./shape";
import type { ShapeStore } from "./shape_store";

export interface Hooks {
  /** These are the chosen ones now. */
  shows(shapes: Shape[]): void;
  tooMany(most: number): void;
}

export function createSeveral(store: ShapeStore, editing: () => Editing, hooks: Hooks) {
  /** In the order in which they were chosen; never one alone. */
  const ids = ref<number[]>([]);

  function show(): void {
    hooks.shows(ids.value.map((id) => store.get(id)).filter((shape) => shape !== undefined));
  }

  /** One alone, or none, is the chosen one. */
  function alone(shape: Shape | undefined): void {
    ids.value = [];
    hooks.shows(shape ? [shape] : []);
  }

  function choose(wanted: number[]): void {
    if (wanted.length > MOST_AT_ONCE) return hooks.tooMany(MOST_AT_ONCE);
    editing().choose(wanted.length === 1 ? wanted[0] : undefined);
    if (wanted.length < 2) return;
    ids.value = wanted;
    show();
  }

  const now = () => (ids.value.length ? ids.value : [editing().chosen.value].filter(isSaved));

  /** Does it to all that are chosen now, as one step that can be taken back; `after` hears whether they still are then. */
  const each = (what: (chosen: number[]) => Promise<number | null>, after: (chosen: number[], isChosen: () => boolean) => Promise<void> | void) => {
    const chosen = ids.value;
    return editing().act(async () => {
      if (chosen.length < 2) return;
      editing().done(await what(chosen));
      await after(chosen, () => ids.value === chosen);
    });
  };

  function forget(gone: number[]): void {
    for (const id of gone) store.remove(id);
  }

  return {
    ids: computed(() => ids.value),
    alone,
    /** Chosen or not any more, beside what is chosen. */
    toggle({ id }: Shape): void {
      if (isSaved(id)) choose(now().includes(id) ? now().filter((other) => other !== id) : [...now(), id]);
    },
    /** Beside what is chosen. */
    add: (found: Shape[]) => choose([...new Set([...now(), ...found.map((shape) => shape.id).filter(isSaved)])]),
    /** In place of all terms that they have; null: none. */
    giveTerm: (term: number | null) =>
      each((chosen) => giveAll(chosen, term), async (chosen, isChosen) => {
        await editing().bring(chosen);
        if (isChosen()) show();
      }),
    /** Into the first that was chosen. */
    merge: () =>
      each(mergeAll, async ([first, ...others], isChosen) => {
        forget(others);
        await editing().refresh(first);
        if (isChosen()) editing().choose(first);
      }),
    remove: () =>
      each(deleteAll, (chosen, isChosen) => {
        if (isChosen()) alone(undefined);
        forget(chosen);
      }),
  };
}

export type Several = ReturnType<typeof createSeveral>;

const isSaved = (id: ShapeId | undefined): id is number => typeof id === "number";
