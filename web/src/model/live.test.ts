import { expect, test, vi } from "vitest";
import { type Change, again, changedShapes, createFeed, tellsOf } from "./live";

const change = (seq: number, of = "UserAnnotation", id = seq, user = 2, version = 1): Change => ({ seq, user, class: of, id, version });

test("only what is new since the first question is told, and each thing once", async () => {
  const log = [change(1), change(2)];
  const feed = createFeed(7, async ({ since = 0, max, offset = 0 }) => {
    const found = log.filter((one) => one.seq > Number(since));
    return { collection: found.slice(Number(offset), Number(offset) + Number(max)), size: found.length };
  });
  expect(await feed.read()).toEqual([]);
  log.push(change(3));
  expect((await feed.read()).map((one) => one.seq)).toEqual([3]);
  expect(await feed.read()).toEqual([]);
});

test("a few annotations are named, each once, but not those that are known", () => {
  const knows = (id: number, version: number) => id === 5 && version <= 1;
  expect(changedShapes([change(3), change(4, "UserAnnotation", 3), change(5), change(6, "Term"), change(7, "UserAnnotation", 5, 2, 2)], 1, knows)).toEqual([3, 5]);
});

test("many, or terms that others gave, are looked for in sight", () => {
  const many = Array.from({ length: 30 }, (_, k) => change(k + 1));
  expect(changedShapes(many, 1, () => false)).toBeUndefined();
  expect(changedShapes([change(1, "AnnotationTerm")], 1, () => false)).toBeUndefined();
  expect(changedShapes([change(1, "AnnotationTerm")], 2, () => false)).toEqual([]);
});

test("news are told by their kind, whatever stands before its name", () => {
  expect(tellsOf([change(1, "Term"), change(2, "AnnotationComment")], "AnnotationComment")).toBe(true);
  expect(tellsOf([change(1, "SharedAnnotationComment")], "AnnotationComment")).toBe(false);
});

test("what is stopped is not done again, even while it is being done", async () => {
  vi.useFakeTimers();
  let done = () => {};
  const act = vi.fn(() => new Promise<void>((answer) => (done = answer)));
  const running = again(act, 10);
  done();
  await vi.advanceTimersByTimeAsync(10);
  expect(act).toHaveBeenCalledTimes(2);
  running.stop();
  done();
  await vi.advanceTimersByTimeAsync(100);
  expect(act).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
