/** A round brush: its way from pen-down to pen-up, seen while it is drawn. */

import Feature from "ol/Feature";
import type Map from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import type PointerInteraction from "ol/interaction/Pointer";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { Point as Place } from "../model/frame";
import { brushed } from "../model/edits";
import { OnePointer } from "./fingers";

const LEAST_PX = 2;
const GREATEST_PX = 200;
const STEP = 1.25;
const ADDS = "rgba(30, 120, 255, 0.35)";
const ERASES = "rgba(220, 30, 30, 0.35)";

export interface Brush {
  interaction: PointerInteraction;
  layer: VectorLayer;
  /** Wider or narrower, by steps; answers the radius in pixels of the screen. */
  size(steps: number): number;
  erases(on: boolean): void;
}

export function createBrush(map: Map, may: (event: MapBrowserEvent) => boolean, done: (location: string, event: MapBrowserEvent) => void): Brush {
  let radius = 12;
  let isEraser = false;
  const way = new Feature<LineString>();
  const cursor = new Feature<Point>();
  const layer = new VectorLayer({
    source: new VectorSource<Feature>({ features: [way, cursor] as Feature[], wrapX: false }),
    style: (feature) => styleOf(feature === cursor),
    updateWhileAnimating: true,
    updateWhileInteracting: true,
  });

  function styleOf(isCursor: boolean): Style {
    if (!isCursor) return new Style({ stroke: new Stroke({ color: isEraser ? ERASES : ADDS, width: 2 * radius }) });
    return new Style({ image: new CircleStyle({ radius, stroke: new Stroke({ color: isEraser ? "#b3261e" : "#1d2230", width: 2 }) }) });
  }

  const interaction = new OnePointer({
    handleDownEvent(event) {
      if (!may(event)) return false;
      // A point alone is a line as long as nothing: its round ends are seen.
      way.setGeometry(new LineString([event.coordinate, event.coordinate]));
      return true;
    },
    handleDragEvent(event) {
      way.getGeometry()!.appendCoordinate(event.coordinate);
      cursor.setGeometry(new Point(event.coordinate));
    },
    handleUpEvent(event) {
      const places = way.getGeometry()!.getCoordinates() as Place[];
      way.setGeometry(undefined);
      done(brushed(places, radius * map.getView().getResolution()!), event as MapBrowserEvent);
      return false;
    },
    handleMoveEvent(event) {
      cursor.setGeometry(new Point(event.coordinate));
    },
  }, () => way.setGeometry(undefined));

  return {
    interaction,
    layer,
    size(steps) {
      radius = Math.min(GREATEST_PX, Math.max(LEAST_PX, Math.round(radius * STEP ** steps + Math.sign(steps) * 0.5)));
      layer.changed();
      return radius;
    },
    erases(on) {
      isEraser = on;
      layer.changed();
    },
  };
}
