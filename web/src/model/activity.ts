/** Says what one opens: the project's activity counts it. Nothing hangs on it, so a failure is passed over. */

import { ask } from "../api/client";

const pass = (telling: Promise<unknown>): void => void telling.catch(() => {});

export const tellProject = (id: string): void => pass(ask("POST", "/api/project/{id}/userconnection.json", { path: { id }, body: {} }));
export const tellImage = (id: number): void =>
  pass(ask("POST", "/api/imageinstance/{id}/consultation.json", { path: { id }, body: { mode: "view" } }));
