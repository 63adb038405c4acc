/** Brings the shapes of the region on the screen, or where there are too many for the screen, how dense they lie. */

import type Map from "ol/Map";
import { buffer, getHeight, getIntersection, getWidth, isEmpty } from "ol/extent";
import { ask } from "../api/client";
import type { Density } from "../api/shapes";
import { listShapes } from "../model/annotations";
import { LARGE, boxOfCell, cellsOver, isKnown } from "../model/cells";
import { type Box, type Shape, fromAnnotation, isLarge, touch } from "../model/shape";
import type { ShapeStore } from "../model/shape_store";

/** Shapes that one screen draws one by one. */
const MOST = 20_000;
/** Shapes that are remembered beyond the screen. */
const MOST_KEPT = 80_000;
const AROUND = 0.15;
const WAIT_MS = 120;
/** A side of a cell in which shapes are counted, in pixels of the screen. */
const COUNTED_PX = 12;
/** Cells that the server counts in at most: those of a whole image. */
const MOST_CELLS = 1_000_000;
/** Where shapes are shown by how dense they lie, those with a side of so many pixels of the screen are drawn all the same. */
const LARGE_PX = 48;
const MOST_LARGE = 1000;

export interface Shown {
  total: number;
  /** The most in one cell, where they are shown by how dense they lie; 0 where each is drawn. */
  densest: number;
  /** How many are drawn over them, because they are large. */
  large: number;
}

/** How dense shapes lie, and how long a side those have that are drawn nevertheless, in level-0 pixels. */
export interface Crowd extends Density {
  side: number;
}

export interface Hooks {
  begins(): void;
  counted(crowd: Crowd | undefined): void;
  ends(shown: Shown): void;
  fails(error: unknown): void;
}

export type Filter = Record<string, string>;

export function loadByView(map: Map, image: string, whole: Box, store: ShapeStore, hooks: Hooks) {
  let running: AbortController | undefined;
  let wait: ReturnType<typeof setTimeout>;
  let filter: Filter = {};

  async function load(): Promise<void> {
    const size = map.getSize();
    const downsample = map.getView().getResolution();
    if (!size || !downsample) return;
    running?.abort();
    running = undefined;
    const view = map.getView().calculateExtent(size);
    const seen = getIntersection(view, whole) as Box;
    if (isEmpty(seen)) return;
    const around = getIntersection(buffer(view, AROUND * Math.max(getWidth(view), getHeight(view))), whole) as Box;
    const missing = () => cellsOver(around, downsample).filter(({ key }) => !isKnown(key, store.knows));
    if (missing().length) {
      running = new AbortController();
      const { signal } = running;
      hooks.begins();
      try {
        const density = await count(seen, downsample, signal);
        if (density.total > MOST) {
          const [side, large] = await bringLarge(seen, LARGE_PX * downsample, signal);
          store.forget();
          hooks.counted({ ...density, side });
          const densest = density.cells.reduce((most, [, , n]) => Math.max(most, n), 0);
          return hooks.ends({ total: density.total, densest, large });
        }
        await Promise.all(missing().map((cell) => bring(cell.key, signal)));
        store.forget(store.size > MOST_KEPT ? around : undefined);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "AbortError")) hooks.fails(error);
        return;
      }
    }
    hooks.counted(undefined);
    hooks.ends({ total: store.touching(seen).length, densest: 0, large: 0 });
  }

  function count(seen: Box, downsample: number, signal: AbortSignal): Promise<Density> {
    const least = Math.sqrt((getWidth(whole) * getHeight(whole)) / MOST_CELLS) + 1;
    const cell = Math.ceil(Math.max(COUNTED_PX * downsample, least));
    const query = { ...filter, cell, bbox: written(seen) };
    return ask("GET", "/api/atrisys/imageinstance/{id}/density.json", { path: { id: image }, query, signal });
  }

  async function bring(key: string, signal: AbortSignal): Promise<void> {
    const asked = store.now();
    store.list(key, (await listIn(boxOfCell(key), { max: 0 }, signal)).shapes, asked);
  }

  /** Those with so long a side, or where these too are many, a longer one; answers how long, and how many they are. */
  async function bringLarge(seen: Box, side: number, signal: AbortSignal): Promise<[side: number, number: number]> {
    const asked = store.now();
    const { shapes, size } = await listIn(seen, { minSize: side, max: MOST_LARGE }, signal);
    if (size > MOST_LARGE) return bringLarge(seen, 2 * side, signal);
    store.list(LARGE, shapes, asked, (shape) => isLarge(shape, side) && touch(shape.box, seen));
    return [side, size];
  }

  async function listIn(box: Box, more: { minSize?: number; max: number }, signal: AbortSignal): Promise<{ shapes: Shape[]; size: number }> {
    const { collection, size } = await listShapes({ image, ...filter, bbox: written(box), ...more }, signal);
    return { shapes: collection.map((one) => store.same(one) ?? fromAnnotation(one)), size };
  }

  function soon(): void {
    clearTimeout(wait);
    wait = setTimeout(load, WAIT_MS);
  }

  map.on("moveend", soon);
  return {
    /** Asks anew, whatever is known. */
    again(): void {
      store.doubt();
      soon();
    },
    /** Something was drawn or taken away here: what is known is counted anew. */
    recount: soon,
    filter(by: Filter): void {
      filter = by;
      this.again();
    },
    stop(): void {
      clearTimeout(wait);
      running?.abort();
    },
  };
}

const written = (box: Box) => box.map((one) => one.toFixed(0)).join(",");
