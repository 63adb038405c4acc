import { expect, test } from "vitest";
import type { Member, Term } from "../api/shapes";
import { NOTHING_HIDDEN, toFilter, toggled } from "./filter";

const terms = [1, 2, 3].map((id) => ({ id }) as Term);
const layers = [7, 8].map((id) => ({ id }) as Member);

test("where nothing is hidden nothing is asked for", () => {
  expect(toFilter(NOTHING_HIDDEN, terms, layers)).toEqual({});
});

test("hidden terms leave the others, and what has none", () => {
  expect(toFilter({ ...NOTHING_HIDDEN, terms: [2] }, terms, layers)).toEqual({ terms: "1,3", noTerm: "true" });
  expect(toFilter({ ...NOTHING_HIDDEN, terms: [null] }, terms, layers)).toEqual({ terms: "1,2,3" });
  expect(toFilter({ ...NOTHING_HIDDEN, terms: [1, 2, 3, null] }, terms, layers)).toEqual({ terms: "" });
});

test("people and review are layers", () => {
  expect(toFilter({ terms: [], people: [7], drawn: true }, terms, layers)).toEqual({ users: "8", reviewed: "true" });
  expect(toFilter({ terms: [], people: [7, 8], drawn: false }, terms, layers)).toEqual({ users: "" });
});

test("a plane's shapes are its own", () => {
  expect(toFilter(NOTHING_HIDDEN, terms, layers, 5)).toEqual({ slice: "5" });
});

test("what is toggled twice is as before", () => {
  expect(toggled([1, 2], 2)).toEqual([1]);
  expect(toggled<number | null>([1], null)).toEqual([1, null]);
});
