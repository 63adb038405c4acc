/** Who is in a project now, and at which of its images. */

import { ask } from "../api/client";

export interface Online {
  id: number;
  /** The last place on each image, as far as whoever asks may know. */
  position: { image: number }[];
}

/** By image: who looks at it, but for oneself. */
export function byImage(online: Online[], me: number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { id, position } of online)
    for (const { image } of id === me ? [] : position) found.set(image, [...(found.get(image) ?? []), id]);
  return found;
}

export async function readOnline(project: number): Promise<Online[]> {
  return (await ask("GET", "/api/project/{id}/online/user.json", { path: { id: project }, query: { max: 100 } })).collection;
}
