import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crcOf, zipOf } from "./zip";

/** As Python reads it, which is what the server does. */
function unpacked(zip: Uint8Array): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "zip-"));
  const path = join(folder, "made.zip");
  writeFileSync(path, zip);
  const read = "import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))";
  const said = spawnSync("../.venv/bin/python", ["-c", read, path], { encoding: "utf-8" });
  rmSync(folder, { recursive: true });
  expect(said.stderr).toBe("");
  return JSON.parse(said.stdout);
}

test("the check value of the standard's own example", async () => {
  expect(await crcOf(new Blob(["123456789"]))).toBe(0xcbf43926);
});

test("what was put in comes out, names in any script", async () => {
  const entries = [
    { path: "玻片/DICOMDIR", file: new Blob(["directory"]) },
    { path: "玻片/0001.dcm", file: new Blob(["pixels"]) },
    { path: "玻片/empty", file: new Blob([]) },
  ];
  const zip = await zipOf(entries);
  expect(unpacked(new Uint8Array(await zip.arrayBuffer()))).toEqual({
    "玻片/0001.dcm": "pixels",
    "玻片/DICOMDIR": "directory",
    "玻片/empty": "",
  });
});

test("the same files make the same bytes, in whichever order they were chosen", async () => {
  const entries = ["a", "b", "c"].map((path) => ({ path, file: new Blob([path]) }));
  const [one, other] = [await zipOf(entries), await zipOf([...entries].reverse())];
  expect(await one.text()).toBe(await other.text());
});
