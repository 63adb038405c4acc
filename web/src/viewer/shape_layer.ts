/** The shapes on the slide: those of the region on the screen, and those that are still to be saved. */

import Feature from "ol/Feature";
import WKT from "ol/format/WKT";
import type Geometry from "ol/geom/Geometry";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { asArray } from "ol/color";
import { getArea } from "ol/extent";
import type Map from "ol/Map";
import type { Annotation } from "../api/shapes";

const NO_TERM = "#ffb300";
const NEAR_PX = 4;
const wkt = new WKT();

/** A shape that has no number yet goes by its key. */
export type ShapeId = number | string;

export interface ShapeLayer {
  layer: VectorLayer;
  /** These are now the shapes of the region; what is unsaved or chosen stays. */
  show(annotations: Annotation[]): void;
  add(id: ShapeId, feature: Feature, terms: number[]): void;
  rename(key: string, id: number): void;
  remove(id: ShapeId): void;
  setTerms(id: ShapeId, terms: number[]): void;
  colour(colours: globalThis.Map<number, string>): void;
  choose(id: ShapeId | undefined): void;
  at(map: Map, pixel: number[]): ShapeId | undefined;
  termsOf(id: ShapeId): number[];
}

export function createShapeLayer(): ShapeLayer {
  const source = new VectorSource<Feature>({ wrapX: false });
  let colours = new globalThis.Map<number, string>();
  let chosen: ShapeId | undefined;
  const styles = new globalThis.Map<string, Style>();

  function styleOf(feature: Feature): Style {
    const colour = colours.get((feature.get("terms") as number[])[0]) ?? NO_TERM;
    const kind = feature.getId() === chosen ? "chosen" : typeof feature.getId() === "string" ? "unsaved" : "plain";
    const name = `${colour} ${kind}`;
    let style = styles.get(name);
    if (!style) styles.set(name, (style = styleFor(colour, kind)));
    return style;
  }

  const layer = new VectorLayer({
    source,
    style: (feature) => styleOf(feature as Feature),
    // The smaller lies on top, so that it can be seen and chosen.
    renderOrder: (one, other) => sizeOf(other as Feature) - sizeOf(one as Feature),
    updateWhileAnimating: false,
    updateWhileInteracting: false,
  });
  const find = (id: ShapeId) => source.getFeatureById(id) as Feature | null;

  function add(id: ShapeId, feature: Feature, terms: number[]): void {
    feature.setId(id);
    feature.set("terms", terms, true);
    source.addFeature(feature);
  }

  function show(annotations: Annotation[]): void {
    const wanted = new Set(annotations.map((one) => one.id));
    const gone = source.getFeatures().filter((one) => {
      const id = one.getId() as ShapeId;
      return typeof id === "number" && id !== chosen && !wanted.has(id);
    });
    source.removeFeatures(gone);
    const fresh: Feature[] = [];
    for (const one of annotations) {
      const there = find(one.id);
      if (there) {
        there.set("terms", one.term, true);
        continue;
      }
      const feature = new Feature(wkt.readGeometry(one.location));
      feature.setId(one.id);
      feature.set("terms", one.term, true);
      fresh.push(feature);
    }
    source.addFeatures(fresh);
    layer.changed();
  }

  return {
    layer,
    show,
    add,
    rename(key, id) {
      const feature = find(key);
      if (!feature) return;
      // A listing may have brought it meanwhile.
      if (find(id)) source.removeFeature(feature);
      else feature.setId(id);
    },
    remove(id) {
      const feature = find(id);
      if (feature) source.removeFeature(feature);
    },
    setTerms(id, terms) {
      find(id)?.set("terms", terms);
    },
    colour(map) {
      colours = map;
      layer.changed();
    },
    choose(id) {
      chosen = id;
      layer.changed();
    },
    at(map, pixel) {
      const hits = map.getFeaturesAtPixel(pixel, { hitTolerance: NEAR_PX, layerFilter: (one) => one === layer }) as Feature[];
      return hits.sort((one, other) => sizeOf(one) - sizeOf(other))[0]?.getId() as ShapeId | undefined;
    },
    termsOf: (id) => (find(id)?.get("terms") as number[] | undefined) ?? [],
  };
}

export function writeShape(geometry: Geometry): string {
  return wkt.writeGeometry(geometry, { decimals: 2 });
}

function sizeOf(feature: Feature): number {
  return getArea(feature.getGeometry()!.getExtent());
}

function styleFor(colour: string, kind: "plain" | "chosen" | "unsaved"): Style {
  const [red, green, blue] = asArray(colour);
  const fill = new Fill({ color: [red, green, blue, kind === "chosen" ? 0.3 : 0.12] });
  const stroke = new Stroke({
    color: colour,
    width: kind === "chosen" ? 4 : 2,
    lineDash: kind === "unsaved" ? [6, 4] : undefined,
  });
  return new Style({ fill, stroke, image: new CircleStyle({ radius: 6, fill: new Fill({ color: colour }), stroke: new Stroke({ color: "#ffffff", width: kind === "chosen" ? 3 : 1.5 }) }) });
}
