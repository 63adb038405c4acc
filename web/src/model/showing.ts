/** Whether all members of a project may see where one looks, as one chose in this browser. */

import { ref, watch } from "vue";
import { ask } from "../api/client";
import type { Project } from "../api/shapes";

type Flags = Pick<Project, "blindMode" | "hideUsersLayers" | "hideAdminsLayers">;
type Store = Pick<Storage, "getItem" | "setItem">;

/** Where a project keeps its members' work apart, one is seen by nobody else until one says so. */
export const isOpen = ({ blindMode, hideUsersLayers, hideAdminsLayers }: Flags) => !blindMode && !hideUsersLayers && !hideAdminsLayers;

export function createShowing(project: number, me: number, store: Store = localStorage, read: () => Promise<Flags> = () => ask("GET", "/api/project/{id}.json", { path: { id: project } })) {
  const place = `atrisys.shown.${me}.${project}`;
  const chosen = store.getItem(place);
  const isShown = ref(chosen === "yes");
  const learn = async () => {
    if (chosen === null) isShown.value = isOpen(await read());
  };
  const known = learn().catch(() => {});
  void known.then(() => watch(isShown, (now) => store.setItem(place, now ? "yes" : "no"), { flush: "sync" }));
  return { isShown, known };
}
