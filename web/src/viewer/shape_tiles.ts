/**
 * The shapes, drawn once each onto tiles that are kept while the view moves: a move costs some copies of pictures,
 * however many shapes lie on them. What changes is drawn anew tile by tile, a few milliseconds in each frame; until
 * then the tile, or what was there at the zoom before, stays in sight.
 */

import type { FrameState } from "ol/Map";
import type Layer from "ol/layer/Layer";
import type { Box, Shape } from "../model/shape";
import { grown, isLarge, sizeOf, touch } from "../model/shape";
import type { ShapeStore } from "../model/shape_store";
import { canvasLayer, standOn } from "./canvas_layer";

const SIDE_PX = 384;
/** Room around a tile for outlines of shapes beside it. */
const MARGIN_PX = 12;
const EACH_FRAME_MS = 8;
const WHILE_STILL_MS = 24;
const SHAPES_AT_ONCE = 200;
const MOST_TILES = 120;

/** Draws one shape in a tile's pixels: `x = (X - left) * scale`, `y = (top - Y) * scale`. */
export type DrawShape = (context: CanvasRenderingContext2D, shape: Shape, left: number, top: number, scale: number) => void;

interface Tile {
  box: Box;
  canvas: HTMLCanvasElement;
  /** Being drawn: what is still to come, and where; undefined: done. */
  todo?: { shapes: Shape[]; next: number; canvas: HTMLCanvasElement };
  /** Something on it changed. */
  isStale: boolean;
}

interface Sheet {
  resolution: number;
  ratio: number;
  tiles: Map<string, Tile>;
}

export interface ShapeTiles {
  layer: Layer;
  /** All is drawn anew: colours changed. */
  redraw(): void;
  /** Only shapes with a side of so many level-0 pixels at least are drawn; 0: all. */
  only(side: number): void;
}

export function createShapeTiles(store: ShapeStore, drawShape: DrawShape): ShapeTiles {
  let sheet: Sheet | undefined;
  let before: Sheet | undefined;
  let least = 0;

  const layer = canvasLayer((context, frame, ratio) => {
    const { resolution } = frame.viewState;
    const isZooming = sheet !== undefined && sheet.resolution !== resolution && frame.viewHints.some((hint) => hint > 0);
    if (!sheet || (!isZooming && (sheet.resolution !== resolution || sheet.ratio !== ratio))) {
      if (sheet?.tiles.size) before = sheet;
      sheet = { resolution, ratio, tiles: new Map() };
    }
    const seen = tilesOver(frame.extent as Box, sheet.resolution);
    const isDone = isZooming || drawSome(sheet, seen, frame);
    standOn(context, frame, ratio);
    if (before && !isDone) copy(context, before, [...before.tiles.values()].filter((tile) => touch(tile.box, frame.extent as Box)), seen, sheet);
    copy(context, sheet, seen.flatMap(({ key }) => sheet!.tiles.get(key) ?? []));
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (isDone && !isZooming) before = undefined;
    if (!isDone) frame.animate = true;
  });

  /** Goes on drawing what is missing or stale, while there is time; answers whether all is done. */
  function drawSome({ resolution, ratio, tiles }: Sheet, seen: { key: string; box: Box }[], frame: FrameState): boolean {
    const isMoving = frame.viewHints.some((hint) => hint > 0);
    const end = performance.now() + (isMoving ? EACH_FRAME_MS : WHILE_STILL_MS);
    for (const { key, box } of seen) {
      let tile = tiles.get(key);
      if (tile) tiles.delete(key);
      else tile = { box, canvas: blank(0), isStale: true };
      // The last one seen is the last one dropped.
      tiles.set(key, tile);
      if (tile.isStale) begin(tile, resolution, ratio);
      while (tile.todo) {
        if (performance.now() > end) return false;
        goOn(tile, resolution, ratio);
      }
    }
    for (const key of tiles.keys()) {
      if (tiles.size <= MOST_TILES) break;
      tiles.delete(key);
    }
    return true;
  }

  function begin(tile: Tile, resolution: number, ratio: number): void {
    const shapes = store.touching(grown(tile.box, MARGIN_PX * resolution)).filter((shape) => isLarge(shape, least));
    // The smaller lies on top, so that it can be seen and chosen.
    shapes.sort((one, other) => sizeOf(other) - sizeOf(one));
    tile.isStale = false;
    tile.todo = { shapes, next: 0, canvas: blank(shapes.length ? Math.round(SIDE_PX * ratio) : 0) };
    if (!shapes.length) finish(tile);
  }

  function goOn(tile: Tile, resolution: number, ratio: number): void {
    const todo = tile.todo!;
    const context = todo.canvas.getContext("2d")!;
    const scale = ratio / resolution;
    const end = Math.min(todo.next + SHAPES_AT_ONCE, todo.shapes.length);
    for (; todo.next < end; todo.next++) drawShape(context, todo.shapes[todo.next], tile.box[0], tile.box[3], scale);
    if (end === todo.shapes.length) finish(tile);
  }

  function finish(tile: Tile): void {
    tile.canvas = tile.todo!.canvas;
    tile.todo = undefined;
  }

  store.whenChanged((changed) => {
    if (!sheet) return;
    for (const tile of sheet.tiles.values()) {
      const around = grown(tile.box, MARGIN_PX * sheet.resolution);
      if (changed.some((box) => touch(box, around))) tile.isStale = true;
    }
    layer.changed();
  });

  function redraw(): void {
    for (const tile of sheet?.tiles.values() ?? []) tile.isStale = true;
    layer.changed();
  }

  return {
    layer,
    redraw,
    only(side) {
      if (least === side) return;
      least = side;
      redraw();
    },
  };
}

function blank(side: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  return canvas;
}

function tilesOver([minX, minY, maxX, maxY]: Box, resolution: number): { key: string; box: Box }[] {
  const side = SIDE_PX * resolution;
  const found = [];
  for (let row = Math.floor(minY / side); row * side < maxY; row++)
    for (let column = Math.floor(minX / side); column * side < maxX; column++)
      found.push({ key: `${column}/${row}`, box: [column * side, row * side, (column + 1) * side, (row + 1) * side] as Box });
  return found;
}

/** Puts tiles where they lie; those of another zoom only where `wanted` has none of its own yet. */
function copy(context: CanvasRenderingContext2D, sheet: Sheet, tiles: Tile[], seen?: { key: string; box: Box }[], wanted?: Sheet): void {
  const gaps = seen?.filter(({ key }) => !wanted!.tiles.get(key)?.canvas.width).map(({ box }) => box);
  if (gaps) {
    context.save();
    context.beginPath();
    for (const [minX, minY, maxX, maxY] of gaps) context.rect(minX, minY, maxX - minX, maxY - minY);
    context.clip();
  }
  for (const { box, canvas } of tiles) {
    if (!canvas.width) continue;
    const side = canvas.width * (sheet.resolution / sheet.ratio);
    context.save();
    context.translate(box[0], box[3]);
    context.scale(1, -1);
    context.drawImage(canvas, 0, 0, side, side);
    context.restore();
  }
  if (gaps) context.restore();
}
