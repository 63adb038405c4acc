import { expect, test } from "vitest";
import { type Comment, mayDo } from "./comments";

const said = (user: number | null): Comment => ({ id: 9, created: "1", version: 1, annotation: 5, user, fullName: null, comment: "Look.", edited: null });
const bob = { id: 2, isManager: false, guest: false };

test("one's own words are changed by oneself, and taken away by managers as well", () => {
  expect(mayDo(said(2), bob)).toEqual({ reword: true, takeAway: true });
  expect(mayDo(said(3), bob)).toEqual({ reword: false, takeAway: false });
  expect(mayDo(said(null), { ...bob, isManager: true })).toEqual({ reword: false, takeAway: true });
  expect(mayDo(said(2), { ...bob, guest: true })).toEqual({ reword: false, takeAway: false });
});
