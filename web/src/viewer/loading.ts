/** Brings the shapes of the region on the screen, and says how many of how many are shown. */

import type Map from "ol/Map";
import { containsExtent, getHeight, getWidth, buffer } from "ol/extent";
import { list } from "../api/client";
import type { Annotation } from "../api/shapes";

/** Shapes that one screen shows: more of them are dots without a shape, and slow. */
const MOST = 4000;
const AROUND = 0.25;
const WAIT_MS = 120;

export interface Shown {
  shown: number;
  total: number;
}

export interface Hooks {
  begins(): void;
  brings(annotations: Annotation[], count: Shown): void;
  fails(error: unknown): void;
}

export function loadByView(map: Map, image: string, hooks: Hooks) {
  let whole: number[] | undefined;
  let running: AbortController | undefined;
  let wait: ReturnType<typeof setTimeout>;

  async function load(): Promise<void> {
    const size = map.getSize();
    if (!size) return;
    const seen = map.getView().calculateExtent(size);
    if (whole && containsExtent(whole, seen)) return;
    running?.abort();
    running = new AbortController();
    const asked = buffer(seen, AROUND * Math.max(getWidth(seen), getHeight(seen)));
    hooks.begins();
    try {
      const query = { image, bbox: asked.map((one) => one.toFixed(0)).join(","), showBasic: "true", showWKT: "true", showTerm: "true", max: MOST };
      const found = await list<Annotation>("api/annotation.json", query, { signal: running.signal });
      whole = found.collection.length === found.size ? asked : undefined;
      running = undefined;
      hooks.brings(found.collection, { shown: found.collection.length, total: found.size });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) hooks.fails(error);
    }
  }

  function soon(): void {
    clearTimeout(wait);
    wait = setTimeout(load, WAIT_MS);
  }

  map.on("moveend", soon);
  return {
    /** Asks anew, whatever is known. */
    again(): void {
      running?.abort();
      running = undefined;
      whole = undefined;
      soon();
    },
    /** Something was saved or deleted: a listing that is on its way may not know it yet. */
    changed(): void {
      if (running) this.again();
    },
    stop(): void {
      clearTimeout(wait);
      running?.abort();
    },
  };
}
