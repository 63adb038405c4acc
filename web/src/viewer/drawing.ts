/** The tools with which shapes are drawn, changed and measured. */

import type Map from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import Polygon from "ol/geom/Polygon";
import type SimpleGeometry from "ol/geom/SimpleGeometry";
import type Draw from "ol/interaction/Draw";
import { type GeometryFunction, createBox } from "ol/interaction/Draw";
import type Interaction from "ol/interaction/Interaction";
import Modify, { type ModifyEvent } from "ol/interaction/Modify";
import Translate, { type TranslateEvent } from "ol/interaction/Translate";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { ellipseIn } from "../model/edits";
import type { Drawn } from "../model/hand";
import { type Measured, measureWay } from "../model/measure";
import type { Point } from "../model/frame";
import type { ShapeId } from "../model/shape";
import { createBrush } from "./brush";
import { type ChosenLayer, writeShape } from "./chosen_layer";
import { OnePointerDraw } from "./fingers";
import { createWand } from "./wand";

export const TOOLS = ["move", "edit", "polygon", "freehand", "rectangle", "ellipse", "line", "point", "brush", "eraser", "wand", "split", "measure"] as const;
export type Tool = (typeof TOOLS)[number];

export interface Hooks {
  /** A new shape, or what is drawn over the chosen one. */
  drawn(location: string, how: Drawn | undefined): void;
  brushed(location: string, erases: boolean): void;
  found(location: string, how: Drawn | undefined): void;
  changed(id: ShapeId, location: string): void;
  measures(measured: Measured | undefined): void;
}

export interface Pen {
  use(tool: Tool): void;
  /** Ends the shape that is being drawn, as a double click does. */
  finish(): void;
  /** Forgets it. */
  cancel(): void;
  takeBack(): void;
  /** Widens or narrows the brush; answers its radius in pixels of the screen. */
  brushSize(steps: number): number;
  /** Makes the wand reach farther or less far; answers how far. */
  wandReach(steps: number): number;
}

type Keys = Pick<MouseEvent, "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** Shift adds what is drawn to the chosen shape, Ctrl cuts it away, both leave what they have in common; with Alt the other way round. */
function howOf({ shiftKey, ctrlKey, metaKey, altKey }: Keys): Drawn | undefined {
  const cuts = ctrlKey || metaKey;
  if (shiftKey && cuts) return "intersect";
  if (shiftKey) return altKey ? "exclude" : "add";
  if (cuts) return altKey ? "split" : "subtract";
  return undefined;
}

/** `pans`: whether the slide is moved at the moment, whatever the tool. */
export function createPen(map: Map, chosen: ChosenLayer, pans: () => boolean, hooks: Hooks): Pen {
  let tool: Tool = "move";
  let draw: Draw | undefined;
  let inUse: Interaction[] = [];
  let keys: Keys = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  let hasPen = false;
  const measure = new VectorSource();
  const measureLayer = new VectorLayer({ source: measure });

  /** Where somebody draws with a pen, fingers move the slide. */
  function may({ originalEvent }: MapBrowserEvent): boolean {
    const { pointerType, button } = originalEvent as PointerEvent;
    keys = originalEvent as PointerEvent;
    hasPen ||= pointerType === "pen";
    return !pans() && button <= 0 && !(hasPen && pointerType === "touch");
  }

  const brush = createBrush(map, may, (location, { originalEvent }) =>
    hooks.brushed(location, tool === "eraser" || (originalEvent as PointerEvent).altKey),
  );
  const wand = createWand(map, may, (location) => hooks.found(location, howOf(keys)));
  const interactionsOf = (): Interaction[] => {
    if (tool === "brush" || tool === "eraser") return [brush.interaction];
    if (tool === "wand") return [wand.interaction];
    if (tool === "edit") return editing();
    draw = drawFor(tool, may, measure);
    draw?.on("drawend", ({ feature }) => {
      const geometry = feature.getGeometry() as SimpleGeometry;
      if (tool !== "measure") hooks.drawn(writeShape(geometry), tool === "split" ? "split" : howOf(keys));
    });
    draw?.on("drawstart", ({ feature }) => {
      measure.clear();
      const geometry = feature.getGeometry() as SimpleGeometry;
      if (tool === "measure") geometry.on("change", () => hooks.measures(measureWay(geometry.getCoordinates() as Point[])));
    });
    return draw ? [draw] : [];
  };

  function editing(): Interaction[] {
    const { source } = chosen;
    const shift = new Translate({ layers: [chosen.layer], hitTolerance: 3, condition: may });
    const modify = new Modify({ source, pixelTolerance: 8, condition: may });
    const tell = ({ features }: ModifyEvent | TranslateEvent) =>
      features.forEach((feature) => hooks.changed(feature.getId()!, writeShape(feature.getGeometry()!)));
    shift.on("translateend", tell);
    modify.on("modifyend", tell);
    // The last one is asked first: a corner or an edge, then the shape.
    return [shift, modify];
  }

  function use(now: Tool): void {
    for (const one of inUse) map.removeInteraction(one);
    tool = now;
    draw = undefined;
    measure.clear();
    hooks.measures(undefined);
    inUse = interactionsOf();
    for (const one of inUse) map.addInteraction(one);
    const over = [[brush.layer, now === "brush" || now === "eraser"], [wand.layer, now === "wand"], [measureLayer, now === "measure"]] as const;
    for (const [layer, on] of over) layer.setMap(on ? map : null);
    brush.erases(now === "eraser");
  }

  return {
    use,
    finish: () => draw?.finishDrawing(),
    cancel() {
      draw?.abortDrawing();
      measure.clear();
      hooks.measures(undefined);
    },
    takeBack: () => draw?.removeLastPoint(),
    brushSize: brush.size,
    wandReach: wand.reach,
  };
}

function drawFor(tool: Tool, may: (event: MapBrowserEvent) => boolean, measure: VectorSource): Draw | undefined {
  const common = { condition: may, freehandCondition: () => false };
  switch (tool) {
    case "polygon":
      return new OnePointerDraw({ ...common, type: "Polygon" }, false);
    case "line":
    case "split":
      return new OnePointerDraw({ ...common, type: "LineString" }, false);
    case "rectangle":
      return new OnePointerDraw({ condition: may, type: "Circle", geometryFunction: createBox(), freehandCondition: may }, true);
    case "ellipse":
      return new OnePointerDraw({ condition: may, type: "Circle", geometryFunction: ellipse, freehandCondition: may }, true);
    case "freehand":
      return new OnePointerDraw({ condition: may, type: "Polygon", freehandCondition: may }, true);
    case "point":
      return new OnePointerDraw({ ...common, type: "Point" }, false);
    case "measure":
      return new OnePointerDraw({ ...common, type: "LineString", source: measure }, false);
    default:
      return undefined;
  }
}

const ellipse: GeometryFunction = (coordinates, geometry) => {
  const [from, to] = coordinates as Point[];
  const ring = ellipseIn(from, to);
  if (!geometry) return new Polygon([ring]);
  geometry.setCoordinates([ring]);
  return geometry;
};
