/** What others do at a slide, and oneself elsewhere, appears by itself. */

import { ref, shallowRef } from "vue";
import type { Editing } from "../model/editing";
import { type Change, again, changedShapes, createFeed } from "../model/live";

const ASK_MS = 5000;

export interface Hooks {
  /** Something was changed in the project. */
  told(): void;
  /** Whether some shapes are left out: a changed one may be among them now, or no longer. */
  isFiltered(): boolean;
  /** The server is heard again. */
  back(): void;
  /** All in sight is to be asked for. */
  again(): void;
}

export function createNews(project: number, me: number, editing: Editing, hooks: Hooks) {
  /** Counts what may have changed the list of the slide's shapes. */
  const edition = ref(0);
  /** What others and oneself have changed in the project, as the feed last told it. */
  const changes = shallowRef<Change[]>([]);
  const feed = createFeed(project);
  let wasAway = false;
  let listening: ReturnType<typeof again> | undefined;

  async function listen(): Promise<void> {
    if (document.hidden) return;
    const told = await feed.read().catch(() => undefined);
    const isBack = wasAway && told !== undefined;
    wasAway = !told;
    if (!told) return;
    if (isBack) hooks.back();
    void editing.saving.resend();
    if (told.length) {
      changes.value = told;
      hooks.told();
    }
    const ids = changedShapes(told, me, editing.knows);
    if (ids === undefined || ids.length) edition.value++;
    if (ids === undefined || (ids.length && hooks.isFiltered())) hooks.again();
    else for (const id of ids) await editing.refresh(id).catch(() => {});
  }

  return {
    edition,
    changes,
    start(): void {
      listening ??= again(listen, ASK_MS);
    },
    stop: () => listening?.stop(),
  };
}
