import { expect, test, vi } from "vitest";
import { createSaving } from "./saving";

const words = (error: unknown) => (error as Error).message;

test("what is saved waits no longer, and its number is told", async () => {
  const saved = vi.fn();
  const saving = createSaving(async () => 7, words, saved);
  const sending = saving.add("a", "POINT (1 2)", [3]);
  expect(saving.waiting.get("a")?.state).toBe("saving");
  await sending;
  expect(saving.waiting.size).toBe(0);
  expect(saved).toHaveBeenCalledWith("a", 7);
});

test("what fails is kept with its reason and sent again under the same name", async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error("no line")).mockResolvedValueOnce(8);
  const saving = createSaving(send, words, () => {});
  await saving.add("a", "POINT (1 2)", []);
  expect(saving.failed.value).toMatchObject([{ key: "a", location: "POINT (1 2)", problem: "no line" }]);
  await saving.retry();
  expect(saving.waiting.size).toBe(0);
  expect(send.mock.calls.map(([drawing]) => drawing.key)).toEqual(["a", "a"]);
});

test("only what failed is discarded", async () => {
  const send = (drawing: { key: string }) =>
    drawing.key === "bad" ? Promise.reject(new Error("no")) : new Promise<number>(() => {});
  const saving = createSaving(send, words, () => {});
  void saving.add("slow", "POINT (0 0)", []);
  await saving.add("bad", "POINT (1 1)", []);
  expect(saving.discard()).toEqual(["bad"]);
  expect([...saving.waiting.keys()]).toEqual(["slow"]);
});
