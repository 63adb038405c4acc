/** What the tools and keys do to the chosen shape. */

import { ref } from "vue";
import type { Editing } from "./editing";
import { type How, cornersOf, filled, isArea, moved, simplified, smoothed, without } from "./edits";
import { shapeOf } from "./shape";
import type { Several } from "./several";
import type { ShapeStore } from "./shape_store";

/** What is drawn cuts the chosen shape through, and both sides are kept. */
export type Drawn = How | "split";

/** In pixels of the screen: how far a copy lies from what it was copied from, what a simpler shape may differ by, and how round a smooth one is. */
const COPY_PX = 16;
const SIMPLER_PX = 1.5;
const ROUND_PX = 4;

export interface Hooks {
  /** The term of new shapes. */
  term(): number | null;
  downsample(): number;
  /** Somebody uses a term. */
  gave(term: number): void;
  /** There is no area to draw over. */
  nothing(): void;
  /** It is not saved yet, and only the server could do that. */
  notYet(): void;
  corners(before: number, now: number): void;
}

export function createHand(editing: Editing, several: Several, store: ShapeStore, hooks: Hooks) {
  const given = () => [hooks.term()].filter((one) => one !== null);
  const shape = () => (editing.chosen.value === undefined ? undefined : store.get(editing.chosen.value));

  /** Whether brush and wand leave out what other areas cover. */
  const keepsOut = ref(false);

  function clear(location: string): string | null {
    if (!keepsOut.value) return location;
    const others = store.touching(shapeOf("", location, []).box).filter((one) => one.id !== editing.chosen.value && isArea(one.location));
    return without(location, others.map((one) => one.location));
  }

  function reform(how: (location: string) => string | null): void {
    const now = shape();
    if (!now || !isArea(now.location)) return hooks.nothing();
    const other = how(now.location);
    if (other === null) return;
    hooks.corners(cornersOf(now.location), cornersOf(other));
    void editing.reshape(now.id, other);
  }

  function split(along: string): void {
    const now = shape();
    if (!now || !isArea(now.location)) return hooks.nothing();
    if (editing.saving.of(now.id)) return hooks.notYet();
    void editing.split(along);
  }

  return {
    shape,
    keepsOut,
    /** A new shape is chosen from then on: it can be named, changed and taken away at once. */
    drawn(location: string, how: Drawn | undefined): void {
      if (!how) editing.choose(editing.draw(location, given()));
      else if (how === "split") split(location);
      else if (!editing.drawOver(location, how)) hooks.nothing();
    },
    /** The brush goes on at the chosen shape, or begins one that is chosen from then on. */
    brushed(location: string, erases: boolean): void {
      const left = erases ? location : clear(location);
      if (left === null || editing.drawOver(left, erases ? "subtract" : "add")) return;
      if (erases) hooks.nothing();
      else editing.choose(editing.draw(left, given()));
    },
    /** What the wand found; to a new one the next find can be added. */
    found(location: string, how: Drawn | undefined): void {
      const left = how && how !== "add" ? location : clear(location);
      if (left === null) return;
      this.drawn(left, how);
    },
    remove: () => void (several.ids.value.length ? several.remove() : editing.remove()),
    /** The chosen shape bears it or not any more; several bear it alone. Answers whether any is chosen. */
    giveTerm(term: number): boolean {
      hooks.gave(term);
      if (several.ids.value.length) void several.giveTerm(term);
      else if (editing.chosen.value !== undefined) void editing.giveTerm(term, !editing.terms.value.includes(term));
      else return false;
      return true;
    },
    merge: () => void several.merge(),
    smooth: () => reform((location) => smoothed(location, ROUND_PX * hooks.downsample())),
    fillHoles: () => reform(filled),
    simplify: () => reform((location) => simplified(location, SIMPLER_PX * hooks.downsample())),
    duplicate(): void {
      const one = shape();
      const by = COPY_PX * hooks.downsample();
      if (one) editing.choose(editing.draw(moved(one.location, by, -by), one.terms));
    },
  };
}
