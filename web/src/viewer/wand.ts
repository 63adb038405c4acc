/** A magic wand: what looks alike around the pointer, on the picture as it is shown. Dragging makes it reach farther. */

import Feature from "ol/Feature";
import type Map from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import type PointerInteraction from "ol/interaction/Pointer";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { outlined } from "../model/edits";
import type { Point } from "../model/frame";
import type { Box } from "../model/shape";
import { type Picture, alike, blurred, outlinesOf } from "../model/wand";
import { readShape } from "./chosen_layer";
import { OnePointer } from "./fingers";
import { PICTURE } from "./slide_map";

/** Pixels that are looked at, at most: a larger screen is looked at more coarsely. */
const MOST_PIXELS = 2_000_000;
const LEAST = 2;
const MOST = 200;
const STEP = 1.25;
/** How much farther it reaches for each pixel that the pointer is dragged. */
const EACH_PX = 0.25;
/** An edge may differ by that from the edges of the pixels: without steps. */
const STEPS_PX = 1;

export interface Wand {
  interaction: PointerInteraction;
  layer: VectorLayer;
  /** Reaches farther or less far, by steps; answers how far: the difference between colours. */
  reach(steps: number): number;
}

interface Touched {
  picture: Picture;
  /** Pixels of the picture for each of the screen. */
  scale: number;
  start: Point;
  location: string | null;
}

export function createWand(map: Map, may: (event: MapBrowserEvent) => boolean, done: (location: string) => void): Wand {
  let reach = 24;
  let touched: Touched | undefined;
  const source = new VectorSource<Feature>({ wrapX: false });
  const style = new Style({ stroke: new Stroke({ color: "#1d2230", width: 2 }), fill: new Fill({ color: "rgba(30, 120, 255, 0.35)" }) });

  function find(one: Touched, farther: number): void {
    const { picture, scale, start } = one;
    const found = alike(picture, [start[0] * scale, start[1] * scale], Math.min(MOST, Math.max(LEAST, reach + farther)));
    const place = ([x, y]: Point) => map.getCoordinateFromPixel([x / scale, y / scale]) as Point;
    const rings = outlinesOf(found, picture.width, picture.height).map((ring) => ring.map(place));
    const tolerance = (STEPS_PX / scale) * map.getView().getResolution()!;
    one.location = outlined(rings, tolerance, map.getView().getProjection().getExtent() as Box);
    source.clear(true);
    if (one.location) source.addFeature(new Feature(readShape(one.location)));
  }

  function drop(): void {
    source.clear();
    touched = undefined;
  }

  const interaction = new OnePointer({
    handleDownEvent(event) {
      if (!may(event)) return false;
      touched = { ...pictureOn(map), start: event.pixel as Point, location: null };
      find(touched, 0);
      return true;
    },
    handleDragEvent(event) {
      if (touched) find(touched, EACH_PX * (event.pixel[0] - touched.start[0]));
    },
    handleUpEvent() {
      const location = touched?.location;
      drop();
      if (location) done(location);
      return false;
    },
  }, drop);

  return {
    interaction,
    layer: new VectorLayer({ source, style }),
    reach: (steps) => (reach = Math.min(MOST, Math.max(LEAST, Math.round(reach * STEP ** steps + Math.sign(steps) * 0.5)))),
  };
}

/** What the screen shows of the slide, without the shapes over it and before it is made brighter. */
function pictureOn(map: Map): { picture: Picture; scale: number } {
  const [width, height] = map.getSize()!;
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const shown of map.getViewport()!.querySelectorAll<HTMLCanvasElement>(`:scope > .ol-layers > .${PICTURE} canvas`)) {
    const turn = new DOMMatrix(getComputedStyle(shown).transform);
    context.setTransform(new DOMMatrix().scale(scale).multiply(turn));
    context.drawImage(shown, 0, 0, ...sizeOf(shown));
  }
  return { picture: blurred(context.getImageData(0, 0, canvas.width, canvas.height)), scale };
}

/** As large as the style sheet makes it; where that says nothing, as it is. */
function sizeOf(canvas: HTMLCanvasElement): [number, number] {
  return [Number.parseFloat(canvas.style.width) || canvas.width, Number.parseFloat(canvas.style.height) || canvas.height];
}
