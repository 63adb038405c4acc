/** The chosen shape, and what is being measured or changed: a few shapes that OpenLayers draws and edits. */

import Feature from "ol/Feature";
import WKT from "ol/format/WKT";
import type Geometry from "ol/geom/Geometry";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import type { Shape } from "../model/shape";

const wkt = new WKT();
const WHITE = new Stroke({ color: "#ffffff", width: 6 });

export function createChosenLayer(colourOf: (shape: Shape) => string) {
  const source = new VectorSource<Feature>({ wrapX: false });
  const layer = new VectorLayer({ source, updateWhileAnimating: true, updateWhileInteracting: true });
  return {
    layer,
    source,
    show(shapes: Shape[]): void {
      source.clear(true);
      source.addFeatures(
        shapes.map((shape) => {
          const feature = new Feature(readShape(shape.location));
          feature.setId(shape.id);
          feature.setStyle(styleFor(colourOf(shape)));
          return feature;
        }),
      );
      source.changed();
    },
  };
}

export type ChosenLayer = ReturnType<typeof createChosenLayer>;

export const readShape = (location: string): Geometry => wkt.readGeometry(location);

export function writeShape(geometry: Geometry): string {
  return wkt.writeGeometry(geometry, { decimals: 2 });
}

function styleFor(colour: string): Style[] {
  const stroke = new Stroke({ color: colour, width: 3 });
  const image = new CircleStyle({ radius: 8, fill: new Fill({ color: colour }), stroke: new Stroke({ color: "#ffffff", width: 3 }) });
  return [new Style({ stroke: WHITE }), new Style({ stroke, fill: new Fill({ color: "rgba(255, 255, 255, 0.15)" }), image })];
}
