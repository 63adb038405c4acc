import { expect, test } from "vitest";
import { keepView, viewFor } from "./image_views";

function storage() {
  const held = new Map<string, string>();
  return { held, getItem: (name: string) => held.get(name) ?? null, setItem: (name: string, value: string) => void held.set(name, value) };
}

test("the address says it, then what was chosen last, then it is the grid", () => {
  const kept = storage();
  expect(viewFor(undefined, kept)).toBe("grid");
  keepView("table", kept);
  expect(viewFor(undefined, kept)).toBe("table");
  expect(viewFor("grid", kept)).toBe("grid");
});

test("nonsense in the address or in the browser is passed over", () => {
  const kept = storage();
  for (const said of ["wall", "", null, ["table"]]) expect(viewFor(said, kept)).toBe("grid");
  keepView("table", kept);
  for (const name of kept.held.keys()) kept.held.set(name, "wall");
  expect(viewFor(undefined, kept)).toBe("grid");
});
