/** The tools with which shapes are drawn. */

import type Feature from "ol/Feature";
import type Map from "ol/Map";
import Draw, { createBox } from "ol/interaction/Draw";

export const TOOLS = ["move", "polygon", "rectangle", "freehand", "point"] as const;
export type Tool = (typeof TOOLS)[number];

export interface Pen {
  use(tool: Tool): void;
  /** Ends the shape that is being drawn, as a double click does. */
  finish(): void;
  /** Forgets it. */
  cancel(): void;
  takeBack(): void;
}

export function createPen(map: Map, drawn: (feature: Feature) => void): Pen {
  let draw: Draw | undefined;

  function use(tool: Tool): void {
    if (draw) map.removeInteraction(draw);
    draw = drawFor(tool);
    if (!draw) return;
    draw.on("drawend", (event) => drawn(event.feature as Feature));
    map.addInteraction(draw);
  }

  return {
    use,
    finish: () => draw?.finishDrawing(),
    cancel: () => draw?.abortDrawing(),
    takeBack: () => draw?.removeLastPoint(),
  };
}

function drawFor(tool: Tool): Draw | undefined {
  switch (tool) {
    case "polygon":
      return new Draw({ type: "Polygon" });
    case "rectangle":
      return new Draw({ type: "Circle", geometryFunction: createBox(), freehand: true });
    case "freehand":
      return new Draw({ type: "Polygon", freehand: true });
    case "point":
      return new Draw({ type: "Point" });
    default:
      return undefined;
  }
}
