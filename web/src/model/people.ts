/** Names of people by their numbers, each asked for once. */

import { reactive } from "vue";
import { ask } from "../api/client";

const names = reactive(new Map<number, string>());
const asked = new Set<number>();

/** The user name; the bare number until it is known, and of those who are gone. */
export function nameOf(id: number | null): string {
  // 0: the command line, before anybody had an account.
  if (!id) return "";
  if (!asked.has(id)) {
    asked.add(id);
    ask("GET", "/api/user/{name}.json", { path: { name: id } }).then(
      ({ username }) => names.set(id, username),
      () => {},
    );
  }
  return names.get(id) ?? `#${id}`;
}
