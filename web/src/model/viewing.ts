/** What the viewer page shows about one image. */

import { ask } from "../api/client";
import type { Grid, Image, Member, Term, WholeProject } from "../api/shapes";
import type { Slice } from "./slices";

export interface Opened {
  project: WholeProject;
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
  const here = { path: { id } };
  const [whole, image, grid, terms, layers, planes] = await Promise.all([
    ask("GET", "/api/project/{id}.json", { path: { id: project } }),
    ask("GET", "/api/imageinstance/{id}.json", here),
    ask("GET", "/api/atrisys/imageinstance/{id}/tiles.json", here),
    ask("GET", "/api/project/{id}/term.json", { path: { id: project } }),
    ask("GET", "/api/project/{id}/userlayer.json", { path: { id: project } }),
    ask("GET", "/api/imageinstance/{id}/sliceinstance.json", here),
  ]);
  const slices = planes.collection.length > 1 ? planes.collection : [];
  const first = slices.length ? await ask("GET", "/api/imageinstance/{id}/sliceinstance/reference.json", here) : undefined;
  return { project: whole, image, grid, terms: terms.collection, layers: layers.collection, slices, first };
}
