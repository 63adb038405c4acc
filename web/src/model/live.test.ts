import { expect, test, vi } from "vitest";
import { type Change, NO_NEWS, type News, again, changedShapes, createFeed, mayTouch, tellsOf } from "./live";

const change = (seq: number, of = "UserAnnotation", id = seq, user = 2, version = 1): Change => ({ seq, user, class: of, id, version });
const told = (...changes: Change[]): News => ({ changes, missed: false });
const MISSED: News = { changes: [], missed: true };

const answering = (log: Change[]) => async ({ since = 0, max, offset = 0 }: { since?: number; max?: number; offset?: number }) => {
  const found = log.filter((one) => one.seq > Number(since));
  return { collection: found.slice(Number(offset), Number(offset) + Number(max)), size: found.length };
};

test("only what is new since the first question is told, and each thing once", async () => {
  const log = [change(1), change(2)];
  const feed = createFeed(7, answering(log));
  expect(await feed.read()).toEqual(NO_NEWS);
  log.push(change(3));
  expect(await feed.read()).toEqual(told(change(3)));
  expect(await feed.read()).toEqual(NO_NEWS);
});

test("of more than one answer holds none is told: all is asked for again, once", async () => {
  const log = [change(1)];
  const feed = createFeed(7, answering(log));
  await feed.read();
  log.push(...Array.from({ length: 40_000 }, (_, k) => change(k + 2)));
  expect(await feed.read()).toEqual({ changes: [], missed: true });
  expect(await feed.read()).toEqual(NO_NEWS);
  log.push(change(50_000));
  expect(await feed.read()).toEqual(told(change(50_000)));
});

test("a few annotations are named, each once, but not those that are known", () => {
  const knows = (id: number, version: number) => id === 5 && version <= 1;
  expect(changedShapes(told(change(3), change(4, "UserAnnotation", 3), change(5), change(6, "Term"), change(7, "UserAnnotation", 5, 2, 2)), 1, knows)).toEqual([3, 5]);
});

test("many, or terms that others gave, are looked for in sight", () => {
  const many = Array.from({ length: 30 }, (_, k) => change(k + 1));
  expect(changedShapes(told(...many), 1, () => false)).toBeUndefined();
  expect(changedShapes(told(change(1, "AnnotationTerm")), 1, () => false)).toBeUndefined();
  expect(changedShapes(MISSED, 1, () => false)).toBeUndefined();
  expect(changedShapes(told(change(1, "AnnotationTerm")), 2, () => false)).toEqual([]);
});

test("news are told by their kind, whatever stands before its name", () => {
  expect(tellsOf(told(change(1, "Term"), change(2, "AnnotationComment")), "AnnotationComment")).toBe(true);
  expect(tellsOf(MISSED, "AnnotationComment")).toBe(true);
  expect([told(change(1, "ImageInstance", 7)), told(change(1)), MISSED].map((news) => mayTouch(news, 7))).toEqual([true, false, true]);
  expect(tellsOf(told(change(1, "SharedAnnotationComment")), "AnnotationComment")).toBe(false);
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
