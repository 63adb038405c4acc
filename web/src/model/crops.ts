/** Annotations as lists of crops show them. */

import { type Listing, type QueryOf, ask } from "../api/client";
import type { Crop } from "../api/shapes";
import { listing } from "./listing";

const PATH = "/api/annotation.json";
const SHOWN = { showMeta: true, showTerm: true, showGIS: true, showUser: true, showImage: true };

export function useCrops() {
  return listing<Crop, QueryOf<typeof PATH>>(async (query) => (await ask("GET", PATH, { query: { ...query, ...SHOWN } })) as Listing<Crop>);
}
