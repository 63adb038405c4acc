/** How a shape looks: the colour of its first term, its fill and its outline. */

import { asArray } from "ol/color";
import type { Shape } from "../model/shape";
import type { DrawShape } from "./shape_tiles";

export const NO_TERM = "#ffb300";
const POINT_PX = 6;
/** Corners that lie closer on the screen are one. */
const CLOSE_PX = 0.7;
/** Shapes that are smaller on the screen are a dot. */
const DOT_PX = 3;

export interface Paint {
  colours: Map<number, string>;
  /** 0 to 1, of areas. */
  fill: number;
  outline: boolean;
}

export function createPainter(ratio: () => number): { paint: Paint; draw: DrawShape } {
  const paint: Paint = { colours: new Map(), fill: 0.12, outline: true };
  const fills = new Map<string, string>();

  function fillOf(colour: string): string {
    const name = `${colour} ${paint.fill}`;
    let fill = fills.get(name);
    if (!fill) {
      const [red, green, blue] = asArray(colour);
      fills.set(name, (fill = `rgba(${red}, ${green}, ${blue}, ${paint.fill})`));
    }
    return fill;
  }

  function draw(context: CanvasRenderingContext2D, shape: Shape, left: number, top: number, scale: number): void {
    const colour = paint.colours.get(shape.terms[0]) ?? NO_TERM;
    const thick = ratio();
    context.lineWidth = 2 * thick;
    context.setLineDash(typeof shape.id === "string" ? [6 * thick, 4 * thick] : shape.reviewed ? [10 * thick, 2 * thick] : []);
    context.strokeStyle = colour;
    const [minX, minY, maxX, maxY] = shape.box;
    const isDot = (maxX - minX) * scale < DOT_PX && (maxY - minY) * scale < DOT_PX && shape.parts[0]?.kind !== "point";
    if (isDot) {
      context.fillStyle = colour;
      context.fillRect((minX - left) * scale, (top - maxY) * scale, Math.max(2, (maxX - minX) * scale), Math.max(2, (maxY - minY) * scale));
      return;
    }
    context.beginPath();
    let isArea = false;
    for (const { kind, flat } of shape.parts) {
      if (kind === "point") drawPoints(context, flat, left, top, scale, colour, thick);
      else tracePath(context, flat, left, top, scale, kind === "area");
      isArea ||= kind === "area";
    }
    if (isArea && paint.fill > 0) {
      context.fillStyle = fillOf(colour);
      context.fill("evenodd");
    }
    if (paint.outline || !isArea) context.stroke();
  }

  return { paint, draw };
}

function tracePath(context: CanvasRenderingContext2D, flat: Float64Array, left: number, top: number, scale: number, closes: boolean): void {
  let [x, y] = [(flat[0] - left) * scale, (top - flat[1]) * scale];
  context.moveTo(x, y);
  for (let k = 2; k < flat.length; k += 2) {
    const [toX, toY] = [(flat[k] - left) * scale, (top - flat[k + 1]) * scale];
    if (k < flat.length - 2 && Math.abs(toX - x) < CLOSE_PX && Math.abs(toY - y) < CLOSE_PX) continue;
    context.lineTo(toX, toY);
    [x, y] = [toX, toY];
  }
  if (closes) context.closePath();
}

function drawPoints(context: CanvasRenderingContext2D, flat: Float64Array, left: number, top: number, scale: number, colour: string, thick: number): void {
  for (let k = 0; k < flat.length; k += 2) {
    const dot = new Path2D();
    dot.arc((flat[k] - left) * scale, (top - flat[k + 1]) * scale, POINT_PX * thick, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill(dot);
    context.save();
    context.strokeStyle = "#ffffff";
    context.lineWidth = 1.5 * thick;
    context.stroke(dot);
    context.restore();
  }
}
