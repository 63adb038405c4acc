/** Terms as a tree: in the order of the list, each below its parent. */

import { ask } from "../api/client";
import type { Term } from "../api/shapes";

export interface Leaf extends Term {
  depth: number;
}

/** In all projects that use its ontology. */
export async function giveColour(term: number, color: string): Promise<void> {
  await ask("PUT", "/api/term/{id}.json", { path: { id: term }, body: { color } });
}

export function inTreeOrder(terms: Term[]): Leaf[] {
  const known = new Set(terms.map((term) => term.id));
  const below = new Map<number | null, Term[]>();
  for (const term of terms) {
    const parent = term.parent !== null && known.has(term.parent) ? term.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), term]);
  }
  const walk = (parent: number | null, depth: number): Leaf[] =>
    (below.get(parent) ?? []).flatMap((term) => [{ ...term, depth }, ...walk(term.id, depth + 1)]);
  return walk(null, 0);
}

/** Those whose names hold the words, each with all that stand above it. */
export function searched(terms: Term[], words: string): Term[] {
  const wanted = words.trim().toLocaleLowerCase();
  if (!wanted) return terms;
  const kept = new Set(terms.filter(({ name }) => name.toLocaleLowerCase().includes(wanted)).flatMap(({ id }) => above(terms, id)));
  return terms.filter(({ id }) => kept.has(id));
}

const DIGITS = 9;

/** Which key chooses which term: its own, or by its place among the first nine the digit that is nobody's own. */
export function keysOf(terms: Term[]): Map<string, Term> {
  const leaves = inTreeOrder(terms);
  const keys = new Map<string, Term>();
  for (const leaf of leaves) if (leaf.shortcut) keys.set(leaf.shortcut, leaf);
  leaves.slice(0, DIGITS).forEach((leaf, place) => {
    const digit = String(place + 1);
    if (!leaf.shortcut && !keys.has(digit)) keys.set(digit, leaf);
  });
  return keys;
}

/** A term and all above it, from itself upwards. */
export function above(terms: Term[], id: number): number[] {
  const parents = new Map(terms.map((term) => [term.id, term.parent]));
  const path: number[] = [];
  for (let now: number | null | undefined = id; now != null && !path.includes(now); now = parents.get(now)) path.push(now);
  return path;
}
