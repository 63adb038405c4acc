import { expect, test } from "vitest";
import { asSeenBy, colourOf, cornersOf, createTeller, frameOf, initialsOf, positionOf } from "./presence";
import type { Place } from "./position";

const view: Place = { centre: [1000, 500], downsample: 2, degrees: 0 };
const seen = (of: Place, size: [number, number]) => {
  const body = positionOf(of, size, 8192, false) as unknown as Record<string, number>;
  const ring = ["topLeft", "topRight", "bottomRight", "bottomLeft", "topLeft"].map((name) => `${body[`${name}X`]} ${body[`${name}Y`]}`);
  return { user: 1, slice: 2, created: "0", location: `POLYGON ((${ring.join(", ")}))`, rotation: body.rotation };
};

test("corners go from the top left, clockwise, y upwards, and turn with the view", () => {
  expect(cornersOf(view, [100, 50])).toEqual([[900, 550], [1100, 550], [1100, 450], [900, 450]]);
  const [x, y] = cornersOf({ ...view, degrees: 90 }, [100, 50])[0];
  expect([x, y].map(Math.round)).toEqual([950, 400]);
});

test("a view that was told is the view that is followed, whichever way it is turned", () => {
  for (const degrees of [0, 30, 200]) {
    const found = asSeenBy(seen({ ...view, degrees }, [100, 50]), [100, 50])!;
    expect([...found.centre, found.downsample, found.degrees].map((one) => Math.round(one * 1e6) / 1e6)).toEqual([1000, 500, 2, degrees]);
  }
});

test("on a screen of another form all is seen that they see", () => {
  expect(asSeenBy(seen(view, [100, 50]), [50, 100])!.downsample).toBe(4);
  expect(asSeenBy({ ...seen(view, [100, 50]), location: "POLYGON EMPTY" }, [50, 100])).toBeUndefined();
});

test("the zoom is Cytomine's: 0 is the whole slide in one tile", () => {
  expect(positionOf({ ...view, downsample: 1 }, [1, 1], 8192, true)).toMatchObject({ zoom: 5, broadcast: true });
  expect(positionOf({ ...view, downsample: 100 }, [1, 1], 8192, true)).toMatchObject({ zoom: 0 });
});

test("frames are four corners", () => {
  expect(frameOf(seen(view, [100, 50]))).toEqual([[900, 550], [1100, 550], [1100, 450], [900, 450]]);
});

test("initials are two letters, or one sign", () => {
  expect(["Alice van Dyk", "bob", "王小明", "Émile Zola", ""].map(initialsOf)).toEqual(["AD", "B", "王", "ÉZ", ""]);
  expect(colourOf(7)).toBe(colourOf(1));
});

test("what is new is told, and now and then what is not", async () => {
  let now = 0;
  const told: object[] = [];
  const tell = createTeller(async (body) => told.push(body), () => now);
  await tell({ x: 1 });
  await tell({ x: 1 });
  await tell({ x: 2 });
  now = 10_001;
  await tell({ x: 2 });
  await tell({ x: 2 });
  expect(told).toEqual([{ x: 1 }, { x: 2 }, { x: 2 }]);
});
