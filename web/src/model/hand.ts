/** What the tools and keys do to the chosen shape. */

import type { Editing } from "./editing";
import { type How, cornersOf, filled, isArea, moved, simplified } from "./edits";
import type { ShapeStore } from "./shape_store";

/** How far a copy lies from what it was copied from, and what a simpler shape may differ by, in pixels of the screen. */
const COPY_PX = 16;
const SIMPLER_PX = 1.5;

export interface Hooks {
  /** The term of new shapes. */
  term(): number | null;
  downsample(): number;
  /** There is no area to draw over. */
  nothing(): void;
  corners(before: number, now: number): void;
}

export function createHand(editing: Editing, store: ShapeStore, hooks: Hooks) {
  const given = () => [hooks.term()].filter((one) => one !== null);
  const shape = () => (editing.chosen.value === undefined ? undefined : store.get(editing.chosen.value));

  function reform(how: (location: string) => string | null): void {
    const now = shape();
    if (!now || !isArea(now.location)) return hooks.nothing();
    const other = how(now.location);
    if (other === null) return;
    hooks.corners(cornersOf(now.location), cornersOf(other));
    void editing.reshape(now.id, other);
  }

  return {
    shape,
    drawn(location: string, how: How | undefined): void {
      if (!how) editing.draw(location, given());
      else if (!editing.drawOver(location, how)) hooks.nothing();
    },
    /** The brush goes on at the chosen shape, or begins one that is chosen from then on. */
    brushed(location: string, erases: boolean): void {
      if (editing.drawOver(location, erases ? "subtract" : "add")) return;
      if (erases) hooks.nothing();
      else editing.choose(editing.draw(location, given()));
    },
    fillHoles: () => reform(filled),
    simplify: () => reform((location) => simplified(location, SIMPLER_PX * hooks.downsample())),
    duplicate(): void {
      const one = shape();
      const by = COPY_PX * hooks.downsample();
      if (one) editing.choose(editing.draw(moved(one.location, by, -by), one.terms));
    },
  };
}
