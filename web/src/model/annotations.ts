/** What can be done to annotations, one request each. */

import { ask } from "../api/client";
import type { Unsaved } from "./saving";

export async function sendDrawing(image: number, drawing: Unsaved): Promise<number> {
  const body = { image, location: drawing.location, term: drawing.terms };
  const headers = { "Idempotency-Key": drawing.key };
  const saved = await ask<{ annotation: { id: number } }>("POST", "api/annotation.json", body, { headers });
  return saved.annotation.id;
}

/** Answers the number under which the deletion can be undone. */
export async function deleteAnnotation(id: number): Promise<number> {
  return (await ask<{ command: number }>("DELETE", `api/annotation/${id}.json`)).command;
}

export function undo(command: number): Promise<unknown> {
  return ask("GET", `api/command/${command}/undo.json`);
}

/** All or none; answers the number under which it can be undone, null where nothing changed. */
export async function deleteAll(ids: number[]): Promise<number | null> {
  return (await ask<Done>("POST", "api/atrisys/annotation/delete.json", { annotations: ids })).command;
}

/** One term in place of all that they bear; null: none. Answers as `deleteAll`. */
export async function giveAll(ids: number[], term: number | null): Promise<number | null> {
  return (await ask<Done>("POST", "api/atrisys/annotation/term.json", { annotations: ids, term })).command;
}

interface Done {
  command: number | null;
}

/** In place of all that it bears; null: none. */
export async function changeTerm(id: number, from: number[], to: number | null): Promise<void> {
  if (to !== null) await ask("POST", `api/annotation/${id}/term/${to}/clearBefore.json?clearForAll=true`);
  else for (const term of from) await ask("DELETE", `api/annotation/${id}/term/${term}.json`);
}
