/** What the viewer page shows about one image. */

import { ask, list } from "../api/client";
import type { Grid, Image, Member, Term } from "../api/shapes";

export interface Opened {
  image: Image;
  grid: Grid;
  terms: Term[];
  /** Whose annotations somebody may see. */
  layers: Member[];
}

export async function openImage(project: string, id: string): Promise<Opened> {
  const [image, grid, terms, layers] = await Promise.all([
    ask<Image>("GET", `api/imageinstance/${id}.json`),
    ask<Grid>("GET", `api/atrisys/imageinstance/${id}/tiles.json`),
    list<Term>(`api/project/${project}/term.json`, { max: 0 }),
    list<Member>(`api/project/${project}/userlayer.json`, { max: 0 }),
  ]);
  return { image, grid, terms: terms.collection, layers: layers.collection };
}
