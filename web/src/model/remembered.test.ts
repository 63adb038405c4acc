import { expect, test } from "vitest";
import { PLAIN, PLAIN_SHAPES } from "./look";
import { rememberLooks } from "./remembered";

function memory() {
  const kept = new Map<string, string>();
  return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text) };
}

test("what somebody saw last in a project is seen again, there and by them alone", () => {
  const storage = memory();
  const looks = { look: { brightness: 0.2, contrast: 1.1, gamma: 2 }, shapes: { opacity: 0.5, fill: 0, outline: false } };
  rememberLooks(1, 2, storage).write(looks);
  expect(rememberLooks(1, 2, storage).read()).toEqual(looks);
  expect(rememberLooks(1, 3, storage).read()).toEqual({ look: PLAIN, shapes: PLAIN_SHAPES });
  expect(rememberLooks(3, 2, storage).read()).toEqual({ look: PLAIN, shapes: PLAIN_SHAPES });
});

test.each(["", "{", "null", "[]", '{"look": 3, "shapes": null}', '{"look": {"gamma": "x"}, "shapes": {"outline": 1}}'])(
  "what is not ours is passed over: %s",
  (text) => expect(rememberLooks(1, 2, { getItem: () => text, setItem: () => {} }).read()).toEqual({ look: PLAIN, shapes: PLAIN_SHAPES }),
);

test("numbers keep within their limits", () => {
  const storage = { getItem: () => '{"look": {"gamma": 99}, "shapes": {"opacity": -1}}', setItem: () => {} };
  expect(rememberLooks(1, 2, storage).read()).toMatchObject({ look: { gamma: 3 }, shapes: { opacity: 0 } });
});
