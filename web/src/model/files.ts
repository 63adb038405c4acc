/** What became of an uploaded file, and how large it is. */

/** Cytomine's codes (store/tables/files.py). `failed`: the bytes are there, and it can be tried again. */
export type FileState = "waiting" | "converting" | "refused" | "failed" | "ready" | "unpacked" | "unknown";

const STATES: Record<number, FileState> = {
  0: "waiting",
  11: "refused",
  30: "converting",
  31: "failed",
  41: "failed",
  100: "ready",
  104: "ready",
  106: "unpacked",
};

export function fileState(status: number): FileState {
  return STATES[status] ?? "unknown";
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export interface Amount {
  value: number;
  unit: (typeof UNITS)[number];
}

/** A number of bytes in the unit that people would say. */
export function amountOf(bytes: number): Amount {
  let [value, place] = [bytes, 0];
  while (value >= 999.5 && place < UNITS.length - 1) [value, place] = [value / 1000, place + 1];
  return { value, unit: UNITS[place] };
}
