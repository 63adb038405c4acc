/** What can be done to annotations, one request each. */

import { Refusal, ask } from "../api/client";
import type { Annotation, Taken } from "../api/shapes";
import type { Saved, Unsaved } from "./saving";

interface Answer {
  annotation: { id: number; version: number };
  command: number | null;
}

export async function sendDrawing(image: number, drawing: Unsaved): Promise<Saved> {
  const { id, version, location, key, turn, terms, slice } = drawing;
  const headers: Record<string, string> = { "Idempotency-Key": `${key}-${turn}` };
  if (version !== null) headers["If-Match"] = `"${version}"`;
  const saved =
    id === null
      ? await ask<Answer>("POST", "api/annotation.json", { ...(slice === null ? { image } : { slice }), location, term: terms }, { headers })
      : await ask<Answer>("PUT", `api/annotation/${id}.json`, { location }, { headers });
  return { ...saved.annotation, command: saved.command };
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
    return await ask<Annotated>("GET", `api/annotation/${id}.json`);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

export interface Annotated extends Annotation {
  version: number;
  user: number;
  image: number;
  slice: number;
  area: number;
  areaUnit: string;
  perimeter: number;
  perimeterUnit: string;
  reviewed: boolean;
  /** Of the copy that a reviewer accepted: what it was made of. */
  parentIdent?: number | null;
}

/** Answers the number under which the deletion can be undone. */
export async function deleteAnnotation(id: number): Promise<number> {
  return (await ask<{ command: number }>("DELETE", `api/annotation/${id}.json`)).command;
}

/** Changes that an answer tells one by one. */
export const MOST_TOLD = 100;

/** Answers what was changed by it. */
export async function takeBack(way: "undo" | "redo", command: number): Promise<Taken[]> {
  return (await ask<{ collection: Taken[] }>("GET", `api/command/${command}/${way}.json?max=${MOST_TOLD}`)).collection;
}

/** Annotations that one request changes. */
export const MOST_AT_ONCE = 1000;

/** Along a line, or the outline of an area. Answers the ids of the pieces that are new. */
export async function splitAlong(id: number, version: number | undefined, location: string): Promise<{ parts: number[]; command: number | null }> {
  const headers: Record<string, string> = version === undefined ? {} : { "If-Match": `"${version}"` };
  return ask("POST", `api/atrisys/annotation/${id}/split.json`, { location }, { headers });
}

/** All become the first of them. Answers as `deleteAll`. */
export async function mergeAll(ids: number[]): Promise<number | null> {
  return (await ask<Done>("POST", "api/atrisys/annotation/merge.json", { annotations: ids })).command;
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

/** One term more, or one less; answers the number under which it can be undone. */
export async function setTerm(id: number, term: number, on: boolean): Promise<number | null> {
  if (on) return (await ask<Done>("POST", `api/annotation/${id}/term/${term}.json`, {})).command;
  return (await ask<Done>("DELETE", `api/annotation/${id}/term/${term}.json`)).command;
}
