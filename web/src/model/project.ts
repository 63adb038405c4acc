/** One project, as every page of it shows it. */

import { type InjectionKey, type Ref, inject } from "vue";
import { ask } from "../api/client";
import type { Member, Term, WholeProject } from "../api/shapes";
import { isManager } from "./session";

export interface Opened {
  project: WholeProject;
  members: Member[];
  terms: Term[];
  /** Whether whoever is here manages it. */
  isManager: boolean;
}

export async function openProject(id: string): Promise<Opened> {
  const [project, members, terms] = await Promise.all([
    ask("GET", "/api/project/{id}.json", { path: { id } }),
    ask("GET", "/api/project/{id}/user.json", { path: { id } }),
    ask("GET", "/api/project/{id}/term.json", { path: { id } }),
  ]);
  return { project, members: members.collection, terms: terms.collection, isManager: isManager(members.collection) };
}

export const OPENED: InjectionKey<Ref<Opened>> = Symbol("opened project");
export const REOPEN: InjectionKey<() => Promise<void>> = Symbol("read the project anew");

export function useProject() {
  return { opened: inject(OPENED)!, reopen: inject(REOPEN)! };
}
