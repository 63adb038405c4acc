/** Whether all members of a project may see where one looks, as one chose in this browser. */

import { computed, ref } from "vue";
import { ask } from "../api/client";
import type { Project } from "../api/shapes";

type Flags = Pick<Project, "blindMode" | "hideUsersLayers" | "hideAdminsLayers">;
type Store = Pick<Storage, "getItem" | "setItem">;

/** Where a project keeps its members' work apart, one is seen by nobody else until one says so. */
export const isOpen = ({ blindMode, hideUsersLayers, hideAdminsLayers }: Flags) => !blindMode && !hideUsersLayers && !hideAdminsLayers;

export function createShowing(project: number, me: number, store: Store = localStorage, read: () => Promise<Flags> = () => ask("GET", "/api/project/{id}.json", { path: { id: project } })) {
  const place = `atrisys.shown.${me}.${project}`;
  const chosen = ref(store.getItem(place));
  const usual = ref(false);
  const isShown = computed({
    get: () => (chosen.value === null ? usual.value : chosen.value === "yes"),
    set: (now) => store.setItem(place, (chosen.value = now ? "yes" : "no")),
  });
  const learn = async () => {
    if (chosen.value === null) usual.value = isOpen(await read());
  };
  return { isShown, known: learn().catch(() => {}) };
}
