/** What the viewer page shows about one image. */

import { ask, list } from "../api/client";
import type { Grid, Image, Member, Term } from "../api/shapes";
import type { Slice } from "./slices";

export interface Opened {
  image: Image;
  grid: Grid;
  terms: Term[];
  /** Whose annotations somebody may see. */
  layers: Member[];
  /** Its planes, where there are several, and the one that is shown at first. */
  slices: Slice[];
  first?: Slice;
}

export async function openImage(project: string, id: string): Promise<Opened> {
  const [image, grid, terms, layers, planes] = await Promise.all([
    ask<Image>("GET", `api/imageinstance/${id}.json`),
    ask<Grid>("GET", `api/atrisys/imageinstance/${id}/tiles.json`),
    list<Term>(`api/project/${project}/term.json`, { max: 0 }),
    list<Member>(`api/project/${project}/userlayer.json`, { max: 0 }),
    list<Slice>(`api/imageinstance/${id}/sliceinstance.json`, { max: 0 }),
  ]);
  const slices = planes.collection.length > 1 ? planes.collection : [];
  const first = slices.length ? await ask<Slice>("GET", `api/imageinstance/${id}/sliceinstance/reference.json`) : undefined;
  return { image, grid, terms: terms.collection, layers: layers.collection, slices, first };
}
