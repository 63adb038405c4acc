/** The whole of the viewer's stage: the slide, how dense shapes lie or each of them, and the tools over them. */

import type { Point } from "../model/frame";
import { tilesOf } from "../model/pictures";
import type { Position } from "../model/position";
import type { Shape } from "../model/shape";
import type { ShapeStore } from "../model/shape_store";
import type { Slice } from "../model/slices";
import type { Opened } from "../model/viewing";
import { chooseByBox } from "./box_choice";
import { createChosenLayer } from "./chosen_layer";
import { withCrosshair } from "./crosshair";
import { createDensityLayer } from "./density_layer";
import { type Hooks as Drawing, createPen } from "./drawing";
import { type Crowd, type Hooks as Loading, loadByView } from "./loading";
import { createPanning } from "./panning";
import { NO_TERM, type Paint, createPainter } from "./shape_paint";
import { createShapeTiles } from "./shape_tiles";
import { showSlide } from "./slide_map";

const NEAR_PX = 4;

export interface Hooks extends Drawing, Omit<Loading, "counted"> {
  /** The view moves, or has moved. */
  moves(position: Position): void;
  rests(position: Position): void;
  /** `adds`: beside what is chosen. */
  clicked(shape: Shape | undefined, adds: boolean): void;
  /** A box was drawn over shapes; its corners. */
  boxed(corners: Point[]): void;
  /** The right button, on a shape or beside; where, on the page. */
  menu(shape: Shape | undefined, at: [number, number]): void;
  mayChoose(): boolean;
}

export function createStage(store: ShapeStore) {
  const painter = createPainter(() => devicePixelRatio);
  const tiles = createShapeTiles(store, painter.draw);
  const marked = createChosenLayer((shape) => painter.paint.colours.get(shape.terms[0]) ?? NO_TERM);

  function open(target: HTMLElement, { image, grid }: Opened, overview: string, start: Position | undefined, hooks: Hooks) {
    const slide = showSlide(target, grid, tilesOf("image", image.id), overview, start);
    const density = createDensityLayer(grid.height);
    for (const layer of [density.layer, tiles.layer, marked.layer]) slide.map.addLayer(layer);
    slide.map.getView().on(["change", "propertychange"], () => hooks.moves(slide.position()));
    slide.map.on("moveend", () => hooks.rests(slide.position()));
    let least = 0;
    const shapeAt = (place: Point) => store.at(place, NEAR_PX * slide.position().downsample, least);
    slide.map.on("singleclick", ({ coordinate, originalEvent }) =>
      hooks.clicked(shapeAt(coordinate as Point), (originalEvent as PointerEvent).shiftKey),
    );
    slide.map.getViewport()!.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      hooks.menu(shapeAt(slide.map.getEventCoordinate(event) as Point), [event.clientX, event.clientY]);
    });
    chooseByBox(slide.map, hooks.mayChoose, hooks.boxed);
    hooks.moves(slide.position());
    const loader = loadByView(slide.map, String(image.id), [0, 0, grid.width, grid.height], store, {
      ...hooks,
      counted(found: Crowd | undefined) {
        density.show(found);
        least = found?.side ?? 0;
        tiles.only(least);
      },
    });
    /** Another plane, or what `query` says is laid over one another there. */
    const plane = ({ id }: Slice, query: string) => slide.show(tilesOf("slice", id) + (query && `?${query}`));
    const panning = createPanning(slide);
    const pen = withCrosshair(slide, createPen(slide.map, marked, panning.isHeld, hooks));
    return { ...slide, plane, loader, panning, pen };
  }

  return {
    open,
    /** Shows shapes as the chosen ones. */
    mark: marked.show,
    paint(change: Partial<Paint>, opacity = tiles.layer.getOpacity()): void {
      Object.assign(painter.paint, change);
      tiles.layer.setOpacity(opacity);
      tiles.redraw();
    },
  };
}

export type Stage = ReturnType<ReturnType<typeof createStage>["open"]>;
