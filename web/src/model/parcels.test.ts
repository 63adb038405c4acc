import { expect, test } from "vitest";
import { parcelsOf } from "./parcels";

const chosen = (...paths: string[]) =>
  paths.map((path, place) => ({ path, file: new File([path], path.split("/").pop()!, { lastModified: place }) }));
const names = (...paths: string[]) => parcelsOf(chosen(...paths)).map((parcel) => parcel.name);

test("files that were chosen by themselves are each sent, whatever they are", () => {
  expect(names("a.svs", "notes.txt")).toEqual(["a.svs", "notes.txt"]);
});

test("of a folder the slides are sent one by one, without what lies beside them", () => {
  expect(names("day/a.svs", "day/more/b.ndpi", "day/readme.txt", "day/.DS_Store", "day/._a.svs")).toEqual(["a.svs", "b.ndpi"]);
});

test.each([
  ["a.mrxs", "a/Slidedat.ini"],
  ["0001.dcm", "DICOMDIR"],
  ["series/IM0001", "series/IM0002"],
])("a folder with slides of several files goes as one zip (%s)", async (...inside) => {
  const found = parcelsOf(chosen(...inside.map((path) => `case/${path}`)));
  expect(found.map(({ name, modified, packed }) => ({ name, modified, packed }))).toEqual([
    { name: "case.zip", modified: 1, packed: true },
  ]);
  const zip = await (await found[0].open()).text();
  for (const path of inside) expect(zip).toContain(`case/${path}`);
});
