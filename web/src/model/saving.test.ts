import { expect, test, vi } from "vitest";
import { type Saved, type Unsaved, createSaving } from "./saving";

const SAVED: Saved = { id: 7, version: 1, command: 70 };

function saving(send: (drawing: Unsaved) => Promise<Saved>) {
  const kept = new Map<string, Unsaved>();
  const saved = vi.fn();
  const made = createSaving({
    send,
    wordsOf: (error) => (error as Error).message,
    isConflict: (error) => (error as Error).message === "stale",
    isAway: (error) => (error as Error).message === "no line",
    saved,
    keep: (drawing) => kept.set(drawing.key, drawing),
    forget: (key) => kept.delete(key),
  });
  return { ...made, saved, kept };
}

test("what is saved waits no longer and is not kept, and its number is told", async () => {
  const { waiting, kept, saved, draw } = saving(async () => SAVED);
  const sending = draw("a", "POINT (1 2)", [3]);
  expect([waiting.get("a")?.state, kept.get("a")?.location]).toEqual(["saving", "POINT (1 2)"]);
  await sending;
  expect([waiting.size, kept.size]).toEqual([0, 0]);
  expect(saved).toHaveBeenCalledWith(expect.objectContaining({ key: "a" }), SAVED);
});

test("what fails is kept with its reason and sent again under the same name", async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error("no line")).mockResolvedValueOnce(SAVED);
  const { failed, kept, waiting, draw, retry } = saving(send);
  await draw("a", "POINT (1 2)", []);
  expect(failed.value).toMatchObject([{ key: "a", location: "POINT (1 2)", problem: "no line" }]);
  expect(kept.size).toBe(1);
  await retry();
  expect(waiting.size).toBe(0);
  expect(send.mock.calls.map(([{ key, turn }]) => [key, turn])).toEqual([["a", 0], ["a", 0]]);
});

test("terms that are given before it is saved are kept, and not sent in place of the first ones", async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error("no line")).mockResolvedValueOnce(SAVED);
  const { kept, saved, draw, name, resume } = saving(send);
  await draw("a", "POINT (1 2)", [3]);
  name("a", [4]);
  const [one] = kept.values();
  expect(one).toMatchObject({ firstTerms: [3], terms: [4] });
  await resume(one);
  expect(send.mock.calls.map(([{ terms }]) => terms)).toEqual([[3], [3]]);
  expect(saved.mock.calls[0][0]).toMatchObject({ firstTerms: [3], terms: [4] });
});

test("who waits for what is on its way hears when its last shape is there, or that it failed", async () => {
  const answers: ((saved: Saved) => void)[] = [];
  const { waiting, draw, reshape, rest } = saving(() => new Promise((answer) => answers.push(answer)));
  void draw("a", "POINT (1 2)", []);
  void reshape("a", null, "POINT (3 4)", "b");
  let hasCome = false;
  const rested = rest("a").then(() => (hasCome = true));
  answers[0](SAVED);
  await vi.waitUntil(() => answers.length === 2);
  expect(hasCome).toBe(false);
  answers[1]({ ...SAVED, version: 2 });
  await rested;
  expect(waiting.size).toBe(0);
  await rest("a", 7, "never drawn");
});

test("what did not reach the server is sent again when it is heard, what it refused is not", async () => {
  let isThere = false;
  const send = vi.fn(async ({ key }: Unsaved) => {
    if (key === "bad") throw new Error("no");
    if (!isThere) throw new Error("no line");
    return SAVED;
  });
  const { away, failed, draw, resend } = saving(send);
  await draw("a", "POINT (1 2)", []);
  await draw("bad", "POINT (3 4)", []);
  expect([away.value, failed.value].map((some) => some.map((one) => one.key))).toEqual([["a"], ["a", "bad"]]);
  isThere = true;
  await resend();
  expect(failed.value.map((one) => one.key)).toEqual(["bad"]);
  expect(send).toHaveBeenCalledTimes(3);
});

test("only what failed is discarded", async () => {
  const { waiting, draw, discard } = saving(({ key }) => (key === "bad" ? Promise.reject(new Error("no")) : new Promise(() => {})));
  void draw("slow", "POINT (0 0)", []);
  await draw("bad", "POINT (1 1)", []);
  expect(discard().map((one) => one.key)).toEqual(["bad"]);
  expect([...waiting.keys()]).toEqual(["slow"]);
});

test("a shape that is changed while it is on its way is sent again, with what the first answer told", async () => {
  const answers: ((saved: Saved) => void)[] = [];
  const send = vi.fn(() => new Promise<Saved>((answer) => answers.push(answer)));
  const { waiting, draw, reshape } = saving(send as never);
  const first = draw("a", "one", [3]);
  void reshape("a", null, "two", "unused");
  void reshape("a", null, "three", "unused");
  answers[0](SAVED);
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2));
  expect((send.mock.calls as unknown as [Unsaved][])[1][0]).toMatchObject({ key: "a", id: 7, version: 1, location: "three", turn: 1 });
  answers[1]({ ...SAVED, version: 2 });
  await first;
  expect(waiting.size).toBe(0);
});

test("what may have arrived after all is sent again as it was, and what changed since after it", async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error("no line")).mockResolvedValue(SAVED);
  const { draw, reshape, waiting } = saving(send);
  await draw("a", "one", []);
  await reshape("a", null, "two", "unused");
  expect(send.mock.calls.map(([{ key, turn, id, location }]) => [key, turn, id, location])).toEqual([
    ["a", 0, null, "one"],
    ["a", 0, null, "one"],
    ["a", 1, 7, "two"],
  ]);
  expect(waiting.size).toBe(0);
});

test("another's newer version is told as a conflict, and is only replaced when one insists", async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error("stale")).mockResolvedValueOnce(SAVED);
  const { conflicts, failed, waiting, reshape, retry, insist } = saving(send);
  await reshape(7, 1, "mine", "k");
  expect([conflicts.value.length, failed.value.length]).toEqual([1, 0]);
  await retry();
  expect(send).toHaveBeenCalledTimes(1);
  await insist(conflicts.value[0], 4);
  expect(send.mock.calls[1][0]).toMatchObject({ id: 7, version: 4, location: "mine", turn: 1 });
  expect(waiting.size).toBe(0);
});

test("who gives way keeps nothing; who insists on what is gone draws it anew", async () => {
  const { conflicts, kept, reshape, giveWay, insist, waiting } = saving(({ id }) => (id === null ? Promise.resolve(SAVED) : Promise.reject(new Error("stale"))));
  await reshape(7, 1, "mine", "k");
  giveWay(conflicts.value[0]);
  expect([waiting.size, kept.size]).toEqual([0, 0]);
  await reshape(8, 1, "mine", "l");
  await insist(conflicts.value[0], null);
  expect(waiting.size).toBe(0);
});
