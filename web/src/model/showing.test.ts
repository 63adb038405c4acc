import { expect, test } from "vitest";
import { createShowing } from "./showing";

const OPEN = { blindMode: false, hideUsersLayers: false, hideAdminsLayers: false };

function storage() {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

test("one is seen where a project is open among its members, and nowhere else by itself", async () => {
  for (const [flags, meant] of [[OPEN, true], [{ ...OPEN, blindMode: true }, false], [{ ...OPEN, hideUsersLayers: true }, false]] as const) {
    const { isShown, known } = createShowing(1, 2, storage(), async () => flags);
    expect(isShown.value).toBe(false);
    await known;
    expect(isShown.value).toBe(meant);
  }
});

test("what one chose holds, whatever the project says, and for oneself alone", async () => {
  const store = storage();
  const first = createShowing(1, 2, store, async () => OPEN);
  await first.known;
  first.isShown.value = false;
  const again = createShowing(1, 2, store, async () => OPEN);
  await again.known;
  expect(again.isShown.value).toBe(false);
  const other = createShowing(1, 3, store, async () => OPEN);
  await other.known;
  expect(other.isShown.value).toBe(true);
});

test("what one chooses before the project has answered holds too", async () => {
  const store = storage();
  let answer = (_: typeof OPEN) => {};
  const { isShown, known } = createShowing(1, 2, store, () => new Promise((open) => (answer = open)));
  isShown.value = false;
  answer(OPEN);
  await known;
  expect([isShown.value, createShowing(1, 2, store).isShown.value]).toEqual([false, false]);
});

test("where the project cannot be asked nobody is shown", async () => {
  const { isShown, known } = createShowing(1, 2, storage(), () => Promise.reject(new Error("no line")));
  await known;
  expect(isShown.value).toBe(false);
});
