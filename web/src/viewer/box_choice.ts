/** Many shapes are chosen at once by a box that is drawn with Shift. */

import type Map from "ol/Map";
import { shiftKeyOnly } from "ol/events/condition";
import DragBox from "ol/interaction/DragBox";
import type { Point } from "../model/frame";

/** `boxed` hears the corners of the box, which lies askew on a slide that is turned. */
export function chooseByBox(map: Map, may: () => boolean, boxed: (corners: Point[]) => void): void {
  const box = new DragBox({ className: "ol-box", condition: (event) => may() && shiftKeyOnly(event) });
  box.on("boxend", () => boxed(box.getGeometry().getCoordinates()[0] as Point[]));
  map.addInteraction(box);
}
