/** What somebody does to the shapes of one image: draws, chooses, changes, deletes, names, takes back. */

import { computed, ref, shallowRef } from "vue";
import { newKey } from "../api/client";
import type { Annotated, Taken } from "../api/shapes";
import { MOST_TOLD, deleteAnnotation, isAway, isOvertaken, readAnnotation, sendDrawing, setTerm, splitAlong, takeBack } from "./annotations";
import { type How, combine, isArea } from "./edits";
import type { Kept } from "./kept";
import { type Saved, type Unsaved, createSaving } from "./saving";
import { type Shape, type ShapeId, isSaved, shapeOf } from "./shape";
import type { ShapeStore } from "./shape_store";
import { createUndoing } from "./undoing";

/** Annotations that are asked for one by one; where more changed, all in sight is. */
export const FEW = 20;

export interface Surroundings {
  image: number;
  store: ShapeStore;
  kept: Kept;
  wordsOf(error: unknown): string;
  /** The plane that is shown; null: the image has one only. */
  slice(): number | null;
  /** The chosen shape is another one, or has another form. */
  shows(shape: Shape | undefined): void;
  /** They were deleted, here or elsewhere. */
  gone(ids: number[]): void;
  problem(words: string): void;
  /** It is not saved yet, and only the server could do that. */
  notYet(): void;
  /** All is to be listed anew. */
  again(): void;
}

export function createEditing({ image, store, kept, wordsOf, slice, shows, gone, problem, notYet, again }: Surroundings) {
  const chosen = ref<ShapeId>();
  const terms = ref<number[]>([]);
  const details = shallowRef<Annotated>();
  const waiting = ref(0);
  let last = Promise.resolve();
  const versions = new Map<number, number>();
  const deleted = new Set<number>();
  /** Those that drawings of this page have got. */
  const numbers = new Map<string, number>();
  const undoing = createUndoing(`atrisys.undo.${image}`);
  const saving = createSaving({
    send: (drawing) => sendDrawing(image, drawing),
    wordsOf,
    isConflict: isOvertaken,
    isAway,
    saved,
    keep: (drawing) => kept.keep(drawing),
    forget: (key) => kept.forget(key),
  });

  function saved(drawing: Unsaved, { id, version, command }: Saved): void {
    versions.set(id, version);
    numbers.set(drawing.key, id);
    undoing.done(command);
    const before = store.get(drawing.key);
    if (before) {
      store.remove(drawing.key);
      store.put(shapeOf(id, drawing.location, before.terms));
      if (chosen.value === drawing.key) choose(id);
    } else if (!saving.of(id)) {
      store.pinned.delete(id);
      if (chosen.value === id) void learn(id);
    }
    const { firstTerms, terms } = drawing;
    for (const term of terms) if (!firstTerms.includes(term)) void actOn([id], () => name(id, term, true));
    for (const term of firstTerms) if (!terms.includes(term)) void actOn([id], () => name(id, term, false));
  }

  async function learn(id: number): Promise<void> {
    const found = await readAnnotation(id).catch(() => null);
    if (found) versions.set(id, Math.max(found.version, versions.get(id) ?? 0));
    if (chosen.value === id) details.value = found ?? undefined;
  }

  function choose(id?: ShapeId): void {
    const shape = id === undefined ? undefined : store.get(id);
    chosen.value = shape?.id;
    terms.value = shape?.terms ?? [];
    details.value = undefined;
    shows(shape);
    if (typeof chosen.value === "number") void learn(chosen.value);
  }

  /** Shows the chosen shape as it is now. */
  function look(): void {
    const shape = chosen.value === undefined ? undefined : store.get(chosen.value);
    if (!shape) chosen.value = undefined;
    terms.value = shape?.terms ?? [];
    shows(shape);
  }

  function draw(location: string, given: number[]): string {
    const key = newKey();
    store.put(shapeOf(key, location, given));
    void saving.draw(key, location, given, slice());
    return key;
  }

  async function reshape(id: ShapeId, location: string): Promise<void> {
    const shape = store.get(id);
    if (!shape || shape.location === location) return;
    if (typeof id === "number") store.pinned.add(id);
    store.put(shapeOf(id, location, shape.terms));
    if (chosen.value === id) look();
    // The version as it was known when it was chosen; where it was not yet, as it is now.
    if (typeof id === "number" && !versions.has(id) && !saving.of(id)) await learn(id);
    await saving.reshape(id, typeof id === "number" ? (versions.get(id) ?? null) : null, location, newKey());
  }

  /** Draws over the chosen shape; answers whether there was one to draw over. */
  function drawOver(location: string, how: How): boolean {
    const shape = chosen.value === undefined ? undefined : store.get(chosen.value);
    if (!shape || !isArea(shape.location) || !isArea(location)) return false;
    const left = combine(shape.location, location, how);
    if (left !== null) void reshape(shape.id, left);
    else {
      void remove();
      // What is drawn next is another shape.
      choose(undefined);
    }
    return true;
  }

  /** One thing after the other is done to saved shapes; what goes wrong is told. */
  function act(what: () => Promise<void>): Promise<void> {
    waiting.value++;
    last = last
      .then(what)
      .catch((error) => problem(wordsOf(error)))
      .finally(() => waiting.value--);
    return last;
  }

  /** Does it to these annotations when its turn comes: to those that are there by then. */
  function actOn(ids: number[], what: (left: number[]) => Promise<void>): Promise<void> {
    for (const id of ids) deleted.delete(id);
    return act(async () => {
      const left = ids.filter((id) => !deleted.has(id));
      if (left.length) await what(left);
    });
  }

  /** Does it to the shape that is chosen now, once it is saved: when its turn comes, another one may be chosen. */
  async function actOnChosen(what: (id: number) => Promise<void>): Promise<void> {
    const id = chosen.value;
    if (id === undefined) return;
    if (isSaved(id)) return actOn([id], () => what(id));
    return act(async () => {
      await saving.rest(id);
      const number = numbers.get(id);
      if (number === undefined) return notYet();
      if (!deleted.has(number)) await what(number);
    });
  }

  function forget(ids: number[]): void {
    for (const id of ids) {
      deleted.add(id);
      store.remove(id);
      if (chosen.value === id) choose(undefined);
    }
    gone(ids);
  }

  const remove = () =>
    actOnChosen(async (id) => {
      await saving.rest(id);
      if (saving.of(id)) return notYet();
      undoing.done(await deleteAnnotation(id));
      forget([id]);
    });

  /** Cuts the chosen area through, along a line or an outline. */
  const split = (along: string) =>
    actOnChosen(async (id) => {
      const { parts, command } = await splitAlong(id, versions.get(id), along);
      undoing.done(command);
      await bring([id, ...parts]);
    });

  async function name(id: number, term: number, on: boolean): Promise<void> {
    try {
      undoing.done(await setTerm(id, term, on));
    } finally {
      await refresh(id);
    }
  }

  /** It shows at once; of a drawing that is not saved yet the server learns it when it is. */
  async function giveTerm(term: number, on: boolean): Promise<void> {
    const id = chosen.value;
    const shape = id === undefined ? undefined : store.get(id);
    if (shape) {
      const given = on ? [...shape.terms, term] : shape.terms.filter((one) => one !== term);
      store.put({ ...shape, terms: given });
      look();
      if (!isSaved(shape.id)) return saving.name(shape.id, given);
    }
    if (isSaved(id)) return actOn([id], () => name(id, term, on));
  }

  /** Accepts the chosen annotation, or takes that back. */
  const review = (decide: (id: number) => Promise<number | null>) =>
    actOnChosen(async (id) => {
      undoing.done(await decide(id));
      await learn(id);
    });

  /** Brings an annotation as the server has it now. */
  async function refresh(id: number): Promise<void> {
    if (saving.of(id)) return;
    const before = versions.get(id);
    const found = await readAnnotation(id);
    // Unless it was brought back while this answer was on its way.
    if (!found) return versions.get(id) === before ? forget([id]) : undefined;
    deleted.delete(id);
    if (found.image === image && (slice() === null || found.slice === slice())) {
      versions.set(id, found.version);
      store.put(shapeOf(id, found.location, found.term));
    } else store.remove(id);
    if (chosen.value === id) {
      look();
      details.value = found;
    }
  }

  async function bring(ids: number[]): Promise<void> {
    if (ids.length > FEW) again();
    else for (const id of ids) await refresh(id);
  }

  const back = (way: "undo" | "redo") =>
    act(async () => {
      await saving.rest(...saving.waiting.keys());
      const command = undoing.next(way);
      if (command === undefined) return;
      const taken = await takeBack(way, command).catch((error) => {
        if (isOvertaken(error)) undoing.lost(way);
        throw error;
      });
      undoing.taken(way);
      const told = taken.map(annotationOf);
      const ids = [...new Set(told)].filter((id) => id !== undefined);
      if (told.includes(undefined) || told.length >= MOST_TOLD) again();
      await bring(ids);
    });

  /** The other's change stands. */
  async function giveWay(one: Unsaved): Promise<void> {
    saving.giveWay(one);
    if (one.id !== null) {
      store.pinned.delete(one.id);
      await act(() => refresh(one.id!));
    }
    else store.remove(one.key);
  }

  /** One's own shape is put over it, or drawn anew where it is gone. */
  const insist = (one: Unsaved) =>
    act(async () => {
      const found = one.id === null ? null : await readAnnotation(one.id);
      // Decided otherwise meanwhile, or twice.
      if (!saving.conflicts.value.some(({ key }) => key === one.key)) return;
      if (found) versions.set(found.id, found.version);
      else if (one.id !== null) {
        store.pinned.delete(one.id);
        store.remove(one.id);
        store.put(shapeOf(one.key, one.location, one.terms));
      }
      await saving.insist(one, found?.version ?? null);
    });

  /** What an earlier page could not send is shown, and sent. */
  async function resume(): Promise<void> {
    for (const one of await kept.list()) {
      if (one.id !== null) store.pinned.add(one.id);
      const found = one.id === null ? null : await readAnnotation(one.id).catch(() => null);
      store.put(shapeOf(one.id ?? one.key, one.location, found?.term ?? one.terms));
      void saving.resume(one);
    }
  }

  function discard(): void {
    for (const { id, key } of saving.discard()) {
      if (id === null) store.remove(key);
      else {
        store.pinned.delete(id);
        void refresh(id).catch(again);
      }
    }
    look();
  }

  return {
    chosen: computed(() => chosen.value),
    terms: computed(() => terms.value),
    details,
    busy: computed(() => waiting.value > 0),
    saving,
    mayUndo: undoing.may,
    /** Whether this page has an annotation in that version, or a later one. */
    knows: (id: number, version: number) => (versions.get(id) ?? 0) >= version,
    act,
    actOn,
    /** They were deleted. */
    forget,
    choose,
    draw,
    reshape,
    drawOver,
    remove,
    split,
    giveTerm,
    review,
    refresh,
    bring,
    /** Something was done that can be taken back. */
    done: undoing.done,
    back,
    giveWay,
    insist,
    resume,
    discard,
  };
}

export type Editing = ReturnType<typeof createEditing>;

function annotationOf(one: Taken): number | undefined {
  return one.annotation?.id ?? one.annotationterm?.userannotation;
}
