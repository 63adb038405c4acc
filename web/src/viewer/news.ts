/** What others do in a project, and oneself elsewhere, appears by itself: one question for all of its slides on the page. */

import { ref, shallowRef } from "vue";
import { type Editing, FEW } from "../model/editing";
import { NO_NEWS, type News, again, changedShapes, createFeed } from "../model/live";

const ASK_MS = 5000;

/** `isBack`: the server could not be reached before. */
type Hear = (told: News, isBack: boolean) => Promise<void>;

/** Asks as long as somebody listens. */
export function createWire(project: number) {
  const feed = createFeed(project);
  const listeners = new Set<Hear>();
  let asking: ReturnType<typeof again> | undefined;
  let wasAway = false;

  async function askOnce(): Promise<void> {
    if (document.hidden) return;
    const told = await feed.read().catch(() => undefined);
    const isBack = wasAway && told !== undefined;
    wasAway = !told;
    if (told) for (const hear of listeners) await hear(told, isBack);
  }

  return {
    /** Answers how to stop it. */
    listen(hear: Hear): () => void {
      listeners.add(hear);
      asking ??= again(askOnce, ASK_MS);
      return () => {
        listeners.delete(hear);
        if (listeners.size) return;
        asking?.stop();
        asking = undefined;
      };
    },
  };
}

export type Wire = ReturnType<typeof createWire>;

export interface Hooks {
  /** Something was changed in the project. */
  told(): void;
  /** Whether some shapes are left out: a changed one may be among them now, or no longer. */
  isFiltered(): boolean;
  /** The annotations that are chosen. */
  chosen(): number[];
  /** The server is heard again. */
  back(): void;
  /** All in sight is to be asked for. */
  again(): void;
}

/** For one slide. */
export function createNews(wire: Wire, me: number, editing: Editing, hooks: Hooks) {
  /** Counts what may have changed the list of the slide's shapes. */
  const edition = ref(0);
  /** What others and oneself have changed in the project, as it was last told. */
  const last = shallowRef(NO_NEWS);
  let stop: (() => void) | undefined;

  async function refresh(ids: number[]): Promise<void> {
    for (const id of ids) await editing.refresh(id).catch(() => {});
  }

  async function hear(told: News, isBack: boolean): Promise<void> {
    if (isBack) hooks.back();
    void editing.saving.resend();
    if (told.changes.length || told.missed) {
      last.value = told;
      hooks.told();
    }
    const ids = changedShapes(told, me, editing.knows);
    if (ids === undefined || ids.length) edition.value++;
    if (ids !== undefined && !(ids.length && hooks.isFiltered())) return refresh(ids);
    hooks.again();
    // A listing does not tell that a shape is gone which somebody is about to change.
    await refresh(hooks.chosen().filter((id) => ids?.includes(id) ?? true).slice(0, FEW));
  }

  return {
    edition,
    last,
    start(): void {
      stop ??= wire.listen(hear);
    },
    stop: () => stop?.(),
  };
}
