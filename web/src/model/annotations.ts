/** What can be done to annotations, one request each. */

import { type Listing, type QueryOf, Refusal, ask } from "../api/client";
import type { Annotated, Annotation, Taken } from "../api/shapes";
import type { Saved, Unsaved } from "./saving";

const ONE = "/api/annotation/{id}.json";

export async function sendDrawing(image: number, drawing: Unsaved): Promise<Saved> {
  const { id, version, location, key, turn, terms, slice } = drawing;
  const headers: Record<string, string> = { "Idempotency-Key": `${key}-${turn}` };
  if (version !== null) headers["If-Match"] = `"${version}"`;
  const saved =
    id === null
      ? await ask("POST", "/api/annotation.json", { body: { ...(slice === null ? { image } : { slice }), location, term: terms }, headers })
      : await ask("PUT", ONE, { path: { id }, body: { location }, headers });
  return { ...saved.data, command: saved.command };
}

type ListWords = QueryOf<"/api/annotation.json">;

/** Shapes as the viewer draws them. */
export async function listShapes(query: ListWords, signal?: AbortSignal): Promise<Listing<Annotation>> {
  const shown = { showBasic: true, showWKT: true, showTerm: true };
  return (await ask("GET", "/api/annotation.json", { query: { ...query, ...shown }, signal })) as Listing<Annotation>;
}

/** Whether what was to be changed is no longer what it was. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof Refusal && [404, 409, 410, 412].includes(error.status);
}

/** Whether the server, or what stands before it, could not be reached. */
export function isAway(error: unknown): boolean {
  return error instanceof Refusal && [0, 502, 503, 504].includes(error.status);
}

/** One annotation as it is now; null where it is gone, or not for these eyes. */
export async function readAnnotation(id: number): Promise<Annotated | null> {
  try {
    return await ask("GET", ONE, { path: { id } });
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

/** Answers the number under which the deletion can be undone. */
export async function deleteAnnotation(id: number): Promise<number | null> {
  return (await ask("DELETE", ONE, { path: { id } })).command;
}

/** Changes that an answer tells one by one. */
export const MOST_TOLD = 100;

/** Answers what was changed by it. */
export async function takeBack(way: "undo" | "redo", command: number): Promise<Taken[]> {
  return (await ask("GET", `/api/command/{id}/${way}.json`, { path: { id: command }, query: { max: MOST_TOLD } })).collection;
}

/** Annotations that one request changes. */
export const MOST_AT_ONCE = 1000;

/** Along a line, or the outline of an area. Answers the ids of the pieces that are new. */
export async function splitAlong(id: number, version: number | undefined, location: string): Promise<{ parts: number[]; command: number | null }> {
  const headers: Record<string, string> = version === undefined ? {} : { "If-Match": `"${version}"` };
  return ask("POST", "/api/atrisys/annotation/{id}/split.json", { path: { id }, body: { location }, headers });
}

/** All become the first of them. Answers as `deleteAll`. */
export async function mergeAll(ids: number[]): Promise<number | null> {
  return (await ask("POST", "/api/atrisys/annotation/merge.json", { body: { annotations: ids } })).command;
}

export function undo(command: number): Promise<unknown> {
  return ask("GET", "/api/command/{id}/undo.json", { path: { id: command } });
}

/** All or none; answers the number under which it can be undone, null where nothing changed. */
export async function deleteAll(ids: number[]): Promise<number | null> {
  return (await ask("POST", "/api/atrisys/annotation/delete.json", { body: { annotations: ids } })).command;
}

/** One term in place of all that they bear; null: none. Answers as `deleteAll`. */
export async function giveAll(ids: number[], term: number | null): Promise<number | null> {
  return (await ask("POST", "/api/atrisys/annotation/term.json", { body: { annotations: ids, term } })).command;
}

/** One term more, or one less; answers the number under which it can be undone. */
export async function setTerm(id: number, term: number, on: boolean): Promise<number | null> {
  const path = { id, term_id: term };
  return (await ask(on ? "POST" : "DELETE", "/api/annotation/{id}/term/{term_id}.json", { path })).command;
}
