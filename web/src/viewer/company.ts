/** Who else is at a slide: tells where one looks oneself, shows where the others look, and follows one of them. */

import { ref, shallowRef, watch } from "vue";
import { createFollowing } from "../model/following";
import { again } from "../model/live";
import { type Present, type Size, type Told, asSeenBy, createTeller, positionOf, readFollowed, readPresent, tellPosition } from "../model/presence";
import type { Desk } from "./desk";
import { showPeopleOn } from "./people_layer";

const TELL_MS = 1000;
const LOOK_MS = 3000;

export interface Hooks {
  me: number;
  /** Whether all members may see where one looks, and not managers alone. */
  isShown(): boolean;
  /** Whom one followed, or wanted to look at, has gone. */
  gone(): void;
}

/** For a slide that is opened; `close` ends it. */
export function keepCompany(desk: Desk, { me, isShown, gone }: Hooks) {
  const stage = desk.slide.value!;
  const { width, height } = desk.opened.value!.grid;
  const people = shallowRef<Present[]>([]);
  const followed = ref<number>();
  const frames = showPeopleOn(stage.map, stage.overview);
  const size = () => stage.map.getSize() as Size | undefined;
  const tell = createTeller(({ slice, position }: { slice?: number; position: Told }) => tellPosition(desk.image, slice, position));

  const following = createFollowing({
    async read(user) {
      const seen = await readFollowed(desk.image, user);
      const plane = desk.opened.value!.slices.find((one) => one.id === seen?.slice);
      if (plane && followed.value === user) desk.slice.value = plane;
      return seen && asSeenBy(seen, size() ?? [1, 1]);
    },
    here: stage.position,
    go: (there) => new Promise((arrived) => stage.moveTo(there, arrived)),
    ended(left) {
      followed.value = undefined;
      if (left) gone();
    },
  });

  async function tellMine(): Promise<void> {
    const shown = size();
    if (document.hidden || !shown) return;
    const position = positionOf(stage.position(), shown, Math.max(width, height), isShown());
    await tell({ slice: desk.slice.value?.id, position }).catch(() => {});
    await following.step().catch(() => {});
  }

  async function look(): Promise<void> {
    if (!document.hidden) people.value = await readPresent(desk.image, me).catch(() => people.value);
  }

  // The frame of whom one follows is the edge of one's own view.
  const drawing = watch([people, followed], () => frames.show(people.value.filter((one) => one.user !== followed.value)));
  const running = [again(tellMine, TELL_MS), again(look, LOOK_MS)];

  return {
    people,
    followed,
    follow(user: number): void {
      followed.value = user;
      void following.follow(user).catch(() => {});
    },
    stop: () => following.stop(),
    /** To where they look at this moment. */
    async goTo(user: number): Promise<void> {
      await look();
      const one = people.value.find((one) => one.user === user);
      const there = one && asSeenBy(one, size() ?? [1, 1]);
      if (there) stage.moveTo(there);
      else gone();
    },
    close(): void {
      drawing.stop();
      running.forEach((one) => one.stop());
      following.stop();
      frames.close();
    },
  };
}

export type Company = ReturnType<typeof keepCompany>;
