/** What is hidden, and how the server is asked for the rest. */

import type { Member, Term } from "../api/shapes";

export interface Hidden {
  /** Terms; null: shapes without any. */
  terms: (number | null)[];
  people: number[];
  /** Only the copies that reviewers accepted are shown. */
  drawn: boolean;
}

export const NOTHING_HIDDEN: Hidden = { terms: [], people: [], drawn: false };

/** A shape is shown where any of its terms is, and its author. */
export function toFilter(hidden: Hidden, terms: Term[], layers: Member[], slice?: number): Record<string, string> {
  const filter: Record<string, string> = {};
  if (hidden.terms.length) {
    filter.terms = terms.map((one) => one.id).filter((id) => !hidden.terms.includes(id)).join(",");
    if (!hidden.terms.includes(null)) filter.noTerm = "true";
  }
  if (hidden.people.length) filter.users = layers.map((one) => one.id).filter((id) => !hidden.people.includes(id)).join(",");
  if (slice !== undefined) filter.slice = String(slice);
  if (hidden.drawn) filter.reviewed = "true";
  return filter;
}

export function toggled<T>(list: T[], one: T): T[] {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}
