/** Many shapes are chosen at once by a box that is drawn with Shift. */

import type Map from "ol/Map";
import { shiftKeyOnly } from "ol/events/condition";
import { getCenter } from "ol/extent";
import DragBox from "ol/interaction/DragBox";
import type { Box, Shape } from "../model/shape";
import type { ShapeStore } from "../model/shape_store";

/** A shape is chosen where its middle lies in the box. */
export function chooseByBox(map: Map, store: ShapeStore, may: () => boolean, chosen: (shapes: Shape[]) => void): void {
  const box = new DragBox({ className: "ol-box", condition: (event) => may() && shiftKeyOnly(event) });
  box.on("boxend", () => {
    const drawn = box.getGeometry();
    chosen(store.touching(drawn.getExtent() as Box).filter((shape) => drawn.intersectsCoordinate(getCenter(shape.box))));
  });
  map.addInteraction(box);
}
