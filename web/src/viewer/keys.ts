/** What the keys do at a slide. */

import { PLAIN_SHAPES, type ShapeLook } from "../model/look";
import { type Action, actionOf, digitOf } from "../model/shortcuts";
import { inTreeOrder } from "../model/terms";
import type { Desk, Held } from "./desk";
import { TOOLS, type Tool } from "./drawing";

/** Where keys write or choose something. */
const WRITES = "input:not([type=radio], [type=checkbox]), textarea, [role=dialog], [role=listbox], [role=combobox]";

/** What panels do, each at a key of its own. */
export type Panels = Record<"help" | "comment" | "copyLink" | "snapshot", () => void>;

export function createKeys(desk: () => Desk, { tool, term }: Held, panels: Panels) {
  const act: Partial<Record<Action, () => void>> = {
    finish: () => desk().slide.value?.pen.finish(),
    takeBack: () => (desk().drawsNow() ? desk().slide.value?.pen.takeBack() : void desk().editing.remove()),
    remove: () => void desk().editing.remove(),
    cancel() {
      desk().slide.value?.pen.cancel();
      desk().editing.choose(undefined);
    },
    narrower: () => desk().sizeBrush(-1),
    wider: () => desk().sizeBrush(1),
    undo: () => void desk().editing.back("undo"),
    redo: () => void desk().editing.back("redo"),
    duplicate: () => desk().hand.duplicate(),
    fillHoles: () => desk().hand.fillHoles(),
    simplify: () => desk().hand.simplify(),
    fit: () => desk().slide.value?.fit(),
    zoomIn: () => desk().slide.value?.zoom(1),
    zoomOut: () => desk().slide.value?.zoom(-1),
    toggleShapes: () => change({ opacity: desk().shapeLook.value.opacity ? 0 : 1 }),
    toggleFill: () => change({ fill: desk().shapeLook.value.fill ? 0 : PLAIN_SHAPES.fill }),
    next: () => void desk().review("next"),
    previous: () => void desk().review("previous"),
    accept: () => void desk().review("accept"),
    reject: () => void desk().review("reject"),
    ...panels,
  };

  function change(one: Partial<ShapeLook>): void {
    desk().shapeLook.value = { ...desk().shapeLook.value, ...one };
  }

  /** A digit names the chosen shape, or what is drawn from now on. */
  function useTerm(place: number): void {
    const { editing, terms, drawsNow } = desk();
    const wanted = inTreeOrder(terms.value)[place];
    if (!wanted) return;
    if (editing.chosen.value !== undefined && !drawsNow()) void editing.giveTerm(wanted.id, !editing.terms.value.includes(wanted.id));
    else term.value = term.value === wanted.id ? null : wanted.id;
  }

  return function onKey(event: KeyboardEvent): void {
    const inside = event.target as HTMLElement;
    if (inside.closest(WRITES)) return;
    const digit = digitOf(event);
    const action = actionOf(event);
    if (digit !== undefined) return useTerm(digit);
    if (!action || (action === "finish" && inside.closest("button, a"))) return;
    if (TOOLS.includes(action as Tool)) tool.value = action as Tool;
    else act[action]?.();
    if (action !== "finish") event.preventDefault();
  };
}
