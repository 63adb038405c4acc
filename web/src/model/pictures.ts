/** Where pictures of things are. */

import { type PathOf, address, base } from "../api/client";

export const thumbOf = (id: number, maxSize: number) =>
  address("/api/imageinstance/{id}/thumb.{format}", { path: { id, format: "png" }, query: { maxSize } });

/** With a margin, so that one sees where it lies. */
export const cropOf = (id: number, maxSize: number) =>
  address("/api/annotation/{id}/crop.{format}", { path: { id, format: "jpg" }, query: { maxSize, increaseArea: 1.3 } });

const TILES = {
  image: "/api/atrisys/imageinstance/{id}/tile/{level}/{column}/{row}.jpg",
  slice: "/api/atrisys/sliceinstance/{id}/tile/{level}/{column}/{row}.jpg",
} as const satisfies Record<string, PathOf<"GET">>;

/** Of an image or of one plane: where its tiles are, with their places to be filled in. */
export const tilesOf = (what: keyof typeof TILES, id: number) => base.href + TILES[what].slice(1).replace("{id}", String(id));
