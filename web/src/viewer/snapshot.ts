/** The view as a picture: the slide as it is shown, the shapes over it, and the scale bar. */

import type Map from "ol/Map";
import { type Look, isPlain, shown } from "../model/look";
import type { Bar } from "../model/scale";
import type { Size } from "../model/presence";
import { PEOPLE } from "./people_layer";
import { PICTURE } from "./slide_map";

export interface Marks {
  look: Look;
  bar: Bar;
  /** What stands over the bar. */
  words: string;
}

const MARGIN_PX = 12;
const INK = "#1d2230";

/** A PNG of what is on the screen, in its pixels. Waits until all that belongs on it is there. */
export async function takeSnapshot(map: Map, marks: Marks): Promise<Blob> {
  await new Promise<void>((done) => {
    map.once("rendercomplete", () => done());
    map.render();
  });
  const [width, height] = map.getSize() as Size;
  const ratio = devicePixelRatio;
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const parts = [...map.getViewport()!.querySelectorAll<HTMLCanvasElement>(":scope > .ol-layers canvas")];
  const isOf = (layer: string) => (one: Element) => one.closest(`.${layer}`) !== null;
  const slide = parts.filter(isOf(PICTURE));
  const shapes = parts.filter((one) => !isOf(PICTURE)(one) && !isOf(PEOPLE)(one));
  for (const one of slide) lay(context, one, ratio);
  if (!isPlain(marks.look)) brighten(context, marks.look);
  for (const one of shapes) lay(context, one, ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawBar(context, marks, width, height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png"));
}

/** One layer of the map, where its style sheet puts it. */
function lay(context: CanvasRenderingContext2D, layer: HTMLCanvasElement, ratio: number): void {
  if (!layer.width || !layer.height) return;
  const box = layer.parentElement as HTMLElement;
  context.globalAlpha = Number(layer.style.opacity || 1) * Number(box.style.opacity || 1);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const turn = layer.style.transform && new DOMMatrix(layer.style.transform);
  if (turn) context.transform(turn.a, turn.b, turn.c, turn.d, turn.e, turn.f);
  else context.scale(layer.clientWidth / layer.width, layer.clientHeight / layer.height);
  context.drawImage(layer, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
}

function brighten(context: CanvasRenderingContext2D, look: Look): void {
  const table = Uint8ClampedArray.from({ length: 256 }, (_, sample) => 255 * shown(look, sample / 255));
  const pixels = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  for (let k = 0; k < pixels.data.length; k++) if (k % 4 !== 3) pixels.data[k] = table[pixels.data[k]];
  context.putImageData(pixels, 0, 0);
}

function drawBar(context: CanvasRenderingContext2D, { bar, words }: Marks, width: number, height: number): void {
  context.font = "13px sans-serif";
  context.textAlign = "center";
  const wide = Math.max(bar.widthPx, context.measureText(words).width) + 16;
  const [left, top] = [width - MARGIN_PX - wide, height - MARGIN_PX - 34];
  context.fillStyle = "rgba(255, 255, 255, 0.85)";
  context.fillRect(left, top, wide, 34);
  context.fillStyle = context.strokeStyle = INK;
  context.fillText(words, left + wide / 2, top + 16);
  const from = left + (wide - bar.widthPx) / 2;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(from + 1, top + 21);
  context.lineTo(from + 1, top + 27);
  context.lineTo(from + bar.widthPx - 1, top + 27);
  context.lineTo(from + bar.widthPx - 1, top + 21);
  context.stroke();
}
