/** Squares of the slide, in levels like a pyramid's, in which shapes are asked for and remembered. */

import type { Box } from "./shape";

/** Pixels of the screen that a side of a cell takes at least. */
const SIDE_PX = 768;
const HIGHEST = 24;
/** Beside the cells, as large as any slide: of it the large shapes alone are listed. */
export const LARGE = `${HIGHEST + 1}/0/0`;

export interface Cell {
  key: string;
  box: Box;
}

function cellOf(level: number, column: number, row: number): Cell {
  const side = 2 ** level;
  return { key: `${level}/${column}/${row}`, box: [column * side, row * side, (column + 1) * side, (row + 1) * side] };
}

export function boxOfCell(key: string): Box {
  const [level, column, row] = key.split("/").map(Number);
  return cellOf(level, column, row).box;
}

/** The cells that a box takes part in, at `downsample` level-0 pixels for each of the screen. */
export function cellsOver([minX, minY, maxX, maxY]: Box, downsample: number): Cell[] {
  const level = Math.ceil(Math.log2(SIDE_PX * downsample));
  const side = 2 ** level;
  const cells: Cell[] = [];
  for (let row = Math.floor(minY / side); row * side <= maxY; row++)
    for (let column = Math.floor(minX / side); column * side <= maxX; column++) cells.push(cellOf(level, column, row));
  return cells;
}

/** Whether a cell, or a larger one around it, is known. */
export function isKnown(key: string, knows: (key: string) => boolean): boolean {
  let [level, column, row] = key.split("/").map(Number);
  for (; level <= HIGHEST; level++, column = Math.floor(column / 2), row = Math.floor(row / 2))
    if (knows(`${level}/${column}/${row}`)) return true;
  return false;
}
