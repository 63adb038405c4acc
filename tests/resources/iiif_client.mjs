// OpenLayers as a client of the IIIF Image API: reads a description from its standard input, and tells which tiles it
// would ask for, level by level. Run in web/, whose libraries it takes.
import { readFileSync } from "node:fs";

const library = (file) => import(`${process.cwd()}/node_modules/ol/${file}`);
const { default: IIIFInfo } = await library("format/IIIFInfo.js");
const { default: IIIF } = await library("source/IIIF.js");

const source = new IIIF(new IIIFInfo(JSON.parse(readFileSync(0, "utf8"))).getTileSourceOptions());
const grid = source.getTileGrid();
const address = source.getTileUrlFunction();
const levels = grid.getResolutions().map((scale, z) => {
  const { minX, maxX, minY, maxY } = grid.getFullTileRange(z);
  const rows = Array.from({ length: maxY - minY + 1 }, (_, row) => minY + row);
  const columns = Array.from({ length: maxX - minX + 1 }, (_, column) => minX + column);
  const tiles = rows.map((y) => columns.map((x) => address([z, x, y], 1, source.getProjection())));
  return { scale, tiles };
});
console.log(JSON.stringify(levels));
