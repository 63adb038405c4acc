/** What became different between two states of an object. */

export type State = Record<string, unknown>;

export interface Difference {
  field: string;
  before: string;
  after: string;
}

/** Fields that change with everything and say nothing. */
const ALWAYS = new Set(["version", "updated"]);

export function differences(before: State | null, after: State | null): Difference[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...fields]
    .filter((field) => !ALWAYS.has(field))
    .map((field) => ({ field, before: told(before?.[field]), after: told(after?.[field]) }))
    .filter((one) => one.before !== one.after);
}

function told(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
