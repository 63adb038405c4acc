/** Where others look: a frame with their name, on the slide and on the overview. */

import Feature from "ol/Feature";
import type Map from "ol/Map";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { type Present, colourOf, frameOf } from "../model/presence";

/** A canvas of its own: pictures of the view leave it out. */
export const PEOPLE = "slide-people";
const WHITE = new Stroke({ color: "rgba(255, 255, 255, 0.8)", width: 4 });

export function showPeopleOn(map: Map, overview: Map) {
  const source = new VectorSource<Feature>({ wrapX: false });
  const frames = [true, false].map((named) => new VectorLayer({ source, className: PEOPLE, style: (feature) => styleFor(feature as Feature, named) }));
  map.addLayer(frames[0]);
  overview.addLayer(frames[1]);
  return {
    show(people: Present[]): void {
      source.clear(true);
      source.addFeatures(people.map((one) => new Feature({ geometry: new Polygon([frameOf(one)]), name: one.fullName, colour: colourOf(one.user) })));
      source.changed();
    },
    close(): void {
      map.removeLayer(frames[0]);
      overview.removeLayer(frames[1]);
    },
  };
}

function styleFor(feature: Feature, named: boolean): Style[] {
  const { name, colour } = feature.getProperties();
  const frame = new Style({ stroke: new Stroke({ color: colour, width: 2, lineDash: named ? [8, 4] : undefined }) });
  if (!named) return [frame];
  const text = new Text({
    text: name,
    font: "12px sans-serif",
    fill: new Fill({ color: "#ffffff" }),
    backgroundFill: new Fill({ color: colour }),
    padding: [2, 4, 2, 4],
    placement: "point",
    textAlign: "left",
    textBaseline: "bottom",
  });
  const corner = (feature.getGeometry() as Polygon).getCoordinates()[0][0];
  return [new Style({ stroke: WHITE }), frame, new Style({ text, geometry: new Point(corner) })];
}
