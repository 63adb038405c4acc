/** Several annotations that are chosen together: named, merged, deleted in one step. */

import { computed, ref } from "vue";
import { MOST_AT_ONCE, deleteAll, giveAll, mergeAll } from "./annotations";
import type { Editing } from "./editing";
import { type Shape, isSaved } from "./shape";
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

  /** Does it to all that are chosen now, as one step that can be taken back; `after` hears which were there by then. */
  const each = (what: (left: number[]) => Promise<number | null>, after: (left: number[]) => Promise<void> | void) =>
    editing().actOn(ids.value, async (left) => {
      editing().done(await what(left));
      await after(left);
    });

  return {
    ids: computed(() => ids.value),
    /** Those that are chosen together, or the one that is chosen alone. */
    now,
    alone,
    /** Chosen or not any more, beside what is chosen. */
    toggle({ id }: Shape): void {
      if (isSaved(id)) choose(now().includes(id) ? now().filter((other) => other !== id) : [...now(), id]);
    },
    /** Beside what is chosen. */
    add: (found: Shape[]) => choose([...new Set([...now(), ...found.map((shape) => shape.id).filter(isSaved)])]),
    /** In place of all terms that they have; null: none. */
    giveTerm: (term: number | null) =>
      each((left) => giveAll(left, term), async (left) => {
        await editing().bring(left);
        if (ids.value.length) show();
      }),
    /** Into the first that was chosen. */
    merge: () =>
      each(async (left) => (left.length > 1 ? mergeAll(left) : null), async ([first, ...others]) => {
        editing().forget(others);
        await editing().refresh(first);
      }),
    remove: () => each(deleteAll, (left) => editing().forget(left)),
    /** They were deleted: the others stay chosen. */
    forget(gone: number[]): void {
      if (ids.value.some((id) => gone.includes(id))) choose(ids.value.filter((id) => !gone.includes(id)));
    },
  };
}

export type Several = ReturnType<typeof createSeveral>;
