/** A layer of the map that is drawn anew by hand in each frame, on a canvas of its own. */

import type { FrameState } from "ol/Map";
import Layer from "ol/layer/Layer";

/** Draws in pixels of the canvas, of which there are `ratio` for each of the screen. */
export type Draw = (context: CanvasRenderingContext2D, frame: FrameState, ratio: number) => void;

export function canvasLayer(draw: Draw): Layer {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d")!;
  canvas.style.cssText = "position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none;";
  return new Layer({
    render(frame) {
      const [width, height] = frame.size.map((side) => Math.round(side * frame.pixelRatio));
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      else context.clearRect(0, 0, width, height);
      canvas.style.opacity = String(frame.layerStatesArray[frame.layerIndex].opacity);
      draw(context, frame, frame.pixelRatio);
      return canvas;
    },
  });
}

/** From the map's frame to the pixels of a canvas. */
export function standOn(context: CanvasRenderingContext2D, { coordinateToPixelTransform: t }: FrameState, ratio: number): void {
  context.setTransform(ratio * t[0], ratio * t[1], ratio * t[2], ratio * t[3], ratio * t[4], ratio * t[5]);
}
