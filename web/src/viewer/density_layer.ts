/** Where shapes are too many to be seen one by one: how dense they lie. */

import type Layer from "ol/layer/Layer";
import type { Density } from "../api/shapes";
import { canvasLayer, standOn } from "./canvas_layer";

const FAINTEST = 0.06;
const STRONGEST = 0.6;

export function createDensityLayer(height: number): { layer: Layer; show(density: Density | undefined): void } {
  let shown: Density | undefined;
  let most = 1;
  const layer = canvasLayer((context, frame, ratio) => {
    if (!shown) return;
    const { cell, cells } = shown;
    standOn(context, frame, ratio);
    for (const [column, row, number] of cells) {
      const strength = Math.log1p(number) / Math.log1p(most);
      context.fillStyle = `rgba(200, 30, 0, ${FAINTEST + (STRONGEST - FAINTEST) * strength})`;
      context.fillRect(column * cell, height - (row + 1) * cell, cell, cell);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  });
  return {
    layer,
    show(density) {
      shown = density;
      most = density?.cells.reduce((greatest, [, , number]) => Math.max(greatest, number), 1) ?? 1;
      layer.changed();
    },
  };
}
