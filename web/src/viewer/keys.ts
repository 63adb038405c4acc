/** What the keys do at a slide. */

import { PLAIN_SHAPES, type ShapeLook } from "../model/look";
import { type Action, actionOf, arrowOf, signOf } from "../model/shortcuts";
import { keysOf } from "../model/terms";
import type { Held } from "./desk";
import type { Desks } from "./desks";
import { TOOLS, type Tool } from "./drawing";
import { keysGoTo } from "./focus";

/** What the page's panels do, each at a key of its own. */
export type Panels = Record<"help" | "beside" | "comment" | "copyLink" | "snapshot", () => void>;

export function createKeys(desks: Desks, { tool, term }: Held, panels: Panels) {
  const desk = () => desks.active.value;
  const act: Partial<Record<Action, () => void>> = {
    finish: () => desk().slide.value?.pen.finish(),
    takeBack: () => (desk().drawsNow() ? desk().slide.value?.pen.takeBack() : desk().hand.remove()),
    remove: () => desk().hand.remove(),
    cancel() {
      desk().slide.value?.pen.cancel();
      desk().editing.choose(undefined);
    },
    narrower: () => desk().widen(-1),
    wider: () => desk().widen(1),
    keepOut: () => (desk().hand.keepsOut.value = !desk().hand.keepsOut.value),
    undo: () => void desk().editing.back("undo"),
    redo: () => void desk().editing.back("redo"),
    duplicate: () => desk().hand.duplicate(),
    fillHoles: () => desk().hand.fillHoles(),
    simplify: () => desk().hand.simplify(),
    smooth: () => desk().hand.smooth(),
    merge: () => desk().hand.merge(),
    fit: () => desk().slide.value?.fit(),
    zoomIn: () => desk().slide.value?.zoom(1),
    zoomOut: () => desk().slide.value?.zoom(-1),
    magnify: () => desk().magnify(1),
    reduce: () => desk().magnify(-1),
    goTo: () => (desk().asksWhere.value = true),
    toggleShapes: () => change({ opacity: desk().shapeLook.value.opacity ? 0 : 1 }),
    toggleFill: () => change({ fill: desk().shapeLook.value.fill ? 0 : PLAIN_SHAPES.fill }),
    askTerm: () => desk().askTerm(),
    next: () => void desk().review("next"),
    previous: () => void desk().review("previous"),
    accept: () => void desk().review("accept"),
    reject: () => void desk().review("reject"),
    flip: () => desk().slide.value?.flip(),
    copy: () => desk().copy(),
    paste: () => desk().paste(),
    other: () => desks.activateNext(),
    link: () => desks.all.length > 1 && desks.link(!desks.isLinked.value),
    ...panels,
  };

  function change(one: Partial<ShapeLook>): void {
    desk().like({ shapes: { ...desk().shapeLook.value, ...one } });
  }

  /** The key of a term names the chosen shape, or what is drawn from now on. */
  function useTerm(sign: string | undefined): void {
    const { hand, terms, drawsNow } = desk();
    const wanted = keysOf(terms.value).get(sign ?? "");
    if (!wanted) return;
    if (drawsNow() || !hand.giveTerm(wanted.id)) term.value = term.value === wanted.id ? null : wanted.id;
  }

  return function onKey(event: KeyboardEvent): void {
    if (!keysGoTo("page", event)) return;
    const action = actionOf(event);
    const arrow = arrowOf(event);
    if (arrow && keysGoTo("slide", event)) {
      event.preventDefault();
      return desk().slide.value?.panning.step(...arrow);
    }
    if (!action) return useTerm(signOf(event));
    if (action === "finish" && (event.target as HTMLElement).closest("button, a")) return;
    // Words that are marked on the page are copied as anywhere.
    if (action === "copy" && String(getSelection())) return;
    if (TOOLS.includes(action as Tool)) tool.value = action as Tool;
    else act[action]?.();
    if (action !== "finish") event.preventDefault();
  };
}
