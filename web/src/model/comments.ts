/** What people say about annotations: each annotation has a thread that all who see it read. */

import { type RowOf, ask } from "../api/client";
import type { ShapeId } from "./shape";

export type Comment = Pick<RowOf<typeof SAID>, "id" | "created" | "version" | "annotation" | "user" | "fullName" | "comment" | "edited">;

export const LONGEST = 10_000;

/** Of one annotation, and of all on an image. */
export const THREAD = "/api/atrisys/annotation/{id}/comment.json";
export const SAID = "/api/atrisys/imageinstance/{id}/comment.json";
const ONE = "/api/atrisys/annotationcomment/{id}.json";

/** What somebody writes and has not sent. Sent again under its key, it is said once. */
export interface Draft {
  comment: string;
  key: string;
}

/** By the shape that was chosen when it was written. */
export type Drafts = Map<ShapeId, Draft>;

export function say(annotation: number, { comment, key }: Draft): Promise<unknown> {
  return ask("POST", THREAD, { path: { id: annotation }, body: { comment }, headers: { "Idempotency-Key": key } });
}

/** Refused where its author has changed it elsewhere meanwhile. */
export function reword(said: Comment, comment: string): Promise<unknown> {
  return ask("PUT", ONE, { path: { id: said.id }, body: { comment }, headers: { "If-Match": `"${said.version}"` } });
}

export const takeAway = ({ id }: Comment): Promise<unknown> => ask("DELETE", ONE, { path: { id } });

export interface Reader {
  id: number;
  /** Whether they manage the project. */
  isManager: boolean;
  guest: boolean;
}

/** What the buttons beside a comment offer; the server decides. */
export function mayDo(said: Comment, { id, isManager, guest }: Reader) {
  const isOwn = said.user === id && !guest;
  return { reword: isOwn, takeAway: isOwn || (isManager && !guest) };
}
