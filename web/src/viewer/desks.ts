/** The slides of one page, side by side: which of them is worked at, and how they move together. */

import { computed, ref, shallowReactive } from "vue";
import { along, asLarge, beside } from "../model/linking";
import type { Position, Query } from "../model/position";
import { MOST_SLIDES, type Scene } from "../model/scene";
import { giveColour } from "../model/terms";
import { wordsOf } from "../words/refusals";
import { type Desk, type Held, type Hooks as OfDesk, type Owner, createDesk } from "./desk";
import { createWire } from "./news";

export type Hooks = Omit<OfDesk, "moves" | "opened">;

export function createDesks(project: number, owner: Owner, held: Held, hooks: Hooks, scene: Scene) {
  const all = shallowReactive<Desk[]>([]);
  const at = ref(0);
  const wire = createWire(project);
  const isLinked = ref(true);
  const active = computed(() => all[at.value] ?? all[0]);
  /** Where each slide was when they began to move together as they do. */
  const base = new Map<Desk, Position>();
  /** Opened without a word on where: they begin where the others are. */
  const newcomers = new Set<Desk>();
  let isFollowing = false;

  function lay(image: number, query: Query): Desk {
    const desk = createDesk({ project, image, wire }, owner, held, { ...hooks, moves: () => takeAlong(desk), opened: arrived }, query);
    if (query.x === undefined) newcomers.add(desk);
    return desk;
  }

  /** The others go along with one that moves. */
  function takeAlong(desk: Desk): void {
    if (isFollowing || !isLinked.value) return;
    const [from, to] = [base.get(desk), desk.position()];
    if (!from || !to) return;
    if (from.isFlipped !== to.isFlipped) return begin();
    quietly(() => {
      for (const [other, start] of base) if (other !== desk) other.slide.value?.place(along(start, from, to));
    });
  }

  function quietly(act: () => void): void {
    isFollowing = true;
    act();
    isFollowing = false;
  }

  /** From here on they move together as they lie now. */
  function begin(): void {
    base.clear();
    for (const desk of all) {
      const position = desk.position();
      if (position) base.set(desk, position);
    }
  }

  /** One is here: those that came without a word on where go to one that stands already. */
  function arrived(): void {
    const here = [active.value, ...all].filter((desk) => desk.position());
    const leader = here.find((desk) => !newcomers.has(desk)) ?? here[0];
    newcomers.delete(leader);
    quietly(() => {
      for (const desk of here.filter((one) => newcomers.delete(one)))
        desk.slide.value!.place(beside(leader.position()!, leader.extent(), desk.extent()));
    });
    begin();
  }

  function link(on: boolean): void {
    isLinked.value = on;
    const leader = active.value;
    const position = leader.position();
    if (on && position)
      quietly(() => {
        for (const desk of all) {
          const now = desk.position();
          if (now && desk !== leader) desk.slide.value!.place(asLarge(now, desk.extent(), position, leader.extent()));
        }
      });
    begin();
    hooks.changed();
  }

  function activate(desk: Desk): void {
    const place = all.indexOf(desk);
    if (place < 0 || place === at.value) return;
    at.value = place;
    hooks.changed();
  }

  /** Shows what an address says: what is there stays, and goes where it says. */
  function show({ slides, active, isLinked: on }: Scene): void {
    const there = new Map(all.map((desk) => [desk.image, desk]));
    quietly(() => {
      for (const { image, query } of slides) there.get(image)?.go(query);
    });
    all.splice(0, all.length, ...slides.map(({ image, query }) => there.get(image) ?? lay(image, query)));
    at.value = active;
    isLinked.value = on;
    begin();
  }

  function open(image: number): void {
    if (all.length === MOST_SLIDES || all.some((desk) => desk.image === image)) return;
    all.push(lay(image, {}));
    at.value = all.length - 1;
  }

  function close(desk: Desk): void {
    const place = all.indexOf(desk);
    all.splice(place, 1);
    newcomers.delete(desk);
    if (at.value > place || at.value === all.length) at.value--;
    begin();
  }

  /** Gives a term another colour; all slides of a project have the same terms. */
  async function colour(term: number, color: string): Promise<void> {
    try {
      await giveColour(term, color);
    } catch (error) {
      return hooks.problem(wordsOf(error));
    }
    for (const { opened } of all)
      if (opened.value) opened.value = { ...opened.value, terms: opened.value.terms.map((one) => (one.id === term ? { ...one, color } : one)) };
  }

  show(scene);
  return {
    all,
    active,
    isLinked,
    link,
    colour,
    activate,
    /** The one after that which is worked at. */
    activateNext: () => activate(all[(all.indexOf(active.value) + 1) % all.length]),
    show,
    open,
    close,
    scene: (): Scene => ({
      slides: all.map((desk) => ({ image: desk.image, query: desk.query() })),
      active: all.indexOf(active.value),
      isLinked: isLinked.value,
    }),
  };
}

export type Desks = ReturnType<typeof createDesks>;
