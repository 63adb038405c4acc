/** The slide on the screen: its own tiles, a view that moves over them, and the overview. */

import "ol/ol.css";
import "./slide_map.css";
import Map from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import View from "ol/View";
import OverviewMap from "ol/control/OverviewMap";
import { getCenter } from "ol/extent";
import DoubleClickZoom from "ol/interaction/DoubleClickZoom";
import PinchRotate from "ol/interaction/PinchRotate";
import { defaults as interactions } from "ol/interaction/defaults";
import TileLayer from "ol/layer/Tile";
import Projection from "ol/proj/Projection";
import TileImage from "ol/source/TileImage";
import TileGrid from "ol/tilegrid/TileGrid";
import type { Grid } from "../api/shapes";
import type { Point } from "../model/frame";
import { onSlide } from "../model/linking";
import { type Look, curveOf, isPlain } from "../model/look";
import { type Place, type Position, inDegrees, radians } from "../model/position";
import type { Box } from "../model/shape";

const CLOSEST = 1 / 8;
/** On a small screen the overview waits behind its button. */
const NARROW_PX = 600;
const MOVE_MS = 200;
/** As wide and high as the style sheet of OpenLayers makes it. */
const OVERVIEW_PX = 150;
/** The slide has a canvas of its own, so that what changes its picture leaves the shapes as they are. */
export const PICTURE = "slide-picture";
/** Room around a box that is looked at, as a part of its longer side. */
const ROOM = 0.5;

export interface SlideMap {
  map: Map;
  fit(): void;
  zoom(steps: number): void;
  /** Clockwise as it is seen; null: upright. */
  turn(degrees: number | null): void;
  /** Mirrors what is seen, or no longer. */
  flip(): void;
  position(): Position;
  place(position: Position): void;
  /** By pixels of the screen, at once. */
  shift(right: number, down: number): void;
  screen(): Point;
  /** Shows a box, at native resolution at the nearest. */
  lookAt(box: Box): void;
  /** Moves to another centre, downsample or turn, or to all of them; `ended` hears whether it got there, or whether somebody took hold of the view meanwhile. */
  moveTo(place: Partial<Place>, ended?: (got: boolean) => void): void;
  /** The small map of all of the slide. */
  overview: Map;
  /** Where the middle of a box is on the page. */
  pageAt(box: Box): [number, number];
  /** Asks for all tiles anew, those too that did not come. */
  refresh(): void;
  /** Other tiles of the same grid: another plane. */
  show(tile: string): void;
  /** How bright the slide is shown; the shapes stay as they are. */
  picture(look: Look): void;
  /** A double click ends a drawing: it must not zoom as well. */
  doubleClickZooms(on: boolean): void;
}

/** OpenLayers knows no mirrored view: the layers are mirrored as they are shown, and where somebody points as it is read. */
class MirroredMap extends Map {
  isFlipped = false;

  flip(on: boolean): void {
    this.isFlipped = on;
    const layers = this.getViewport()?.querySelector<HTMLElement>(":scope > .ol-layers");
    if (layers) layers.style.transform = on ? "scaleX(-1)" : "";
    this.getView().changed();
  }

  override getEventPixel(event: { clientX: number; clientY: number }): number[] {
    const [x, y] = super.getEventPixel(event);
    return [this.isFlipped ? this.getSize()![0] - x : x, y];
  }
}

/** Two fingers turn a mirrored slide as they are seen to turn. */
class MirroredPinchRotate extends PinchRotate {
  override handleDragEvent(event: MapBrowserEvent): void {
    const [one, other] = this.targetPointers;
    // Their middle stays where it is.
    if ((event.map as MirroredMap).isFlipped) this.targetPointers = [at(other.clientX, one), at(one.clientX, other)];
    super.handleDragEvent(event);
  }
}

const at = (clientX: number, { clientY }: PointerEvent) => ({ clientX, clientY }) as PointerEvent;

export function showSlide(target: HTMLElement, grid: Grid, tile: string, overviewLabel: string, start?: Position): SlideMap {
  const extent = [0, 0, grid.width, grid.height];
  const projection = new Projection({ code: "slide", units: "pixels", extent });
  const farthest = Math.max(grid.width, grid.height) / 128;
  const view = new View({
    projection,
    extent,
    constrainOnlyCenter: true,
    // It would take small turns back to nothing.
    constrainRotation: false,
    minResolution: CLOSEST,
    maxResolution: Math.max(farthest, 1),
    center: start?.centre ?? [grid.width / 2, grid.height / 2],
    resolution: start?.downsample ?? farthest,
    rotation: radians(start?.degrees ?? 0),
  });
  const { source, urlOf } = tilesOf(grid, projection);
  source.setTileUrlFunction(urlOf(tile), tile);
  const overview = new OverviewMap({
    collapsed: target.clientWidth < NARROW_PX,
    tipLabel: overviewLabel,
    layers: [new TileLayer({ source, extent })],
    view: wholeSlide(grid, projection),
  });
  const map = new MirroredMap({
    target,
    view,
    controls: [overview],
    interactions: interactions({ keyboard: false, dragPan: false, shiftDragZoom: false, pinchRotate: false }).extend([new MirroredPinchRotate()]),
    layers: [new TileLayer({ source, extent, preload: 1, className: PICTURE })],
  });
  const fit = (duration = MOVE_MS) => view.fit(extent, { padding: [24, 24, 24, 24], duration });
  if (!start) fit(0);
  map.flip(start?.isFlipped ?? false);
  const position = (): Position => ({
    centre: view.getCenter() as Point,
    downsample: view.getResolution() ?? 1,
    degrees: inDegrees(view.getRotation()),
    isFlipped: map.isFlipped,
  });
  return {
    map,
    fit,
    zoom: (steps) => view.animate({ zoom: (view.getZoom() ?? 0) + steps, duration: MOVE_MS }),
    turn: (degrees) =>
      view.animate({ rotation: degrees === null ? 0 : view.getRotation() + radians(map.isFlipped ? -degrees : degrees), duration: MOVE_MS }),
    flip: () => map.flip(!map.isFlipped),
    lookAt([minX, minY, maxX, maxY]) {
      const room = Math.max(ROOM * Math.max(maxX - minX, maxY - minY), 1);
      view.fit([minX - room, minY - room, maxX + room, maxY + room], { minResolution: 1, duration: MOVE_MS });
    },
    moveTo({ centre, downsample, degrees }, ended) {
      const rotation = degrees === undefined ? undefined : radians(degrees);
      view.animate({ center: centre, resolution: downsample, rotation, duration: MOVE_MS }, (got) => ended?.(got));
    },
    overview: overview.getOverviewMap(),
    pageAt(box) {
      const [x, y] = map.getPixelFromCoordinate(getCenter(box));
      const { left, top, width } = map.getViewport()!.getBoundingClientRect();
      return [left + (map.isFlipped ? width - x : x), top + y];
    },
    refresh: () => source.refresh(),
    show(tile) {
      source.setTileUrlFunction(urlOf(tile), tile);
    },
    picture(look) {
      const filter = isPlain(look) ? "" : `url(#${filterFor(target, look)})`;
      for (const one of target.querySelectorAll<HTMLElement>(`.ol-viewport > .ol-layers > .${PICTURE}`)) one.style.filter = filter;
    },
    position,
    place({ centre, downsample, degrees, isFlipped }) {
      view.cancelAnimations();
      view.setResolution(downsample);
      view.setRotation(radians(degrees));
      view.setCenter(centre);
      if (isFlipped !== map.isFlipped) map.flip(isFlipped);
    },
    shift: (right, down) => view.setCenter(onSlide(position(), [right, down])),
    screen: () => map.getSize() as Point,
    doubleClickZooms: (on) =>
      map.getInteractions().forEach((one) => one instanceof DoubleClickZoom && one.setActive(on)),
  };
}

/** How many there are: each slide of a page has one of its own. */
let filters = 0;

/** The filter that the picture is drawn through, made where there is none; answers its name. */
function filterFor(target: HTMLElement, look: Look): string {
  const there = target.querySelector(":scope > svg");
  const name = there?.querySelector("filter")?.id ?? `slide-look-${++filters}`;
  const { slope, intercept, exponent } = curveOf(look);
  const parts = ["R", "G", "B"];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"><filter id="${name}" color-interpolation-filters="sRGB">
    <feComponentTransfer>${parts.map((one) => `<feFunc${one} type="linear" slope="${slope}" intercept="${intercept}"/>`).join("")}</feComponentTransfer>
    <feComponentTransfer>${parts.map((one) => `<feFunc${one} type="gamma" exponent="${exponent}"/>`).join("")}</feComponentTransfer>
  </filter></svg>`;
  const fresh = document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
  if (there) there.replaceWith(fresh);
  else target.append(fresh);
  return name;
}

/** A view that stays where it is: all of the slide, in the overview's small square. */
function wholeSlide(grid: Grid, projection: Projection): View {
  const [x, y] = [grid.width / 2, grid.height / 2];
  const half = Math.max(x, y) * 1.05;
  return new View({
    projection,
    center: [x, y],
    extent: [x - half, y - half, x + half, y + half],
    resolutions: [(2 * half) / OVERVIEW_PX],
    showFullExtent: true,
  });
}

/** The slide's own levels and tiles, whatever their steps and sizes. */
function tilesOf(grid: Grid, projection: Projection) {
  const levels = [...grid.levels].sort((one, other) => other.downsample - one.downsample);
  const tileGrid = new TileGrid({
    origin: [0, grid.height],
    resolutions: levels.map((level) => level.downsample),
    tileSizes: levels.map((level) => [level.tileWidth, level.tileHeight]),
    sizes: levels.map((level) => [Math.ceil(level.width / level.tileWidth), Math.ceil(level.height / level.tileHeight)]),
  });
  const urlOf = (tile: string) => ([z, column, row]: number[]) =>
    tile.replace("{level}", String(levels[z].level)).replace("{column}", String(column)).replace("{row}", String(row));
  return { source: new TileImage({ projection, tileGrid, wrapX: false, transition: 0 }), urlOf };
}
