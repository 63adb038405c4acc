/** What people say about annotations: each annotation has a thread that all who see it read. */

import { ask } from "../api/client";

export interface Comment {
  id: number;
  created: string;
  version: number;
  annotation: number;
  /** null: that account is gone. */
  user: number | null;
  fullName: string | null;
  comment: string;
  /** When its author last changed the words. */
  edited: string | null;
}

export const LONGEST = 10_000;

export const threadOf = (annotation: number) => `api/atrisys/annotation/${annotation}/comment.json`;
export const saidOn = (image: number) => `api/atrisys/imageinstance/${image}/comment.json`;
const one = ({ id }: Comment) => `api/atrisys/annotationcomment/${id}.json`;

/** Sent again under the same key, it is said once. */
export function say(annotation: number, comment: string, key: string): Promise<unknown> {
  return ask("POST", threadOf(annotation), { comment }, { headers: { "Idempotency-Key": key } });
}

/** Refused where its author has changed it elsewhere meanwhile. */
export function reword(said: Comment, comment: string): Promise<unknown> {
  return ask("PUT", one(said), { comment }, { headers: { "If-Match": `"${said.version}"` } });
}

export const takeAway = (said: Comment): Promise<unknown> => ask("DELETE", one(said));

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
