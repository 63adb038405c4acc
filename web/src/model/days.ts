/** Days as a date field has them (`2026-11-27`), in the reader's own time, as moments (epoch ms); null for none. */

export function startOfDay(day: string): number | null {
  const found = /^(\d{4,})-(\d\d)-(\d\d)$/.exec(day);
  return found && new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3])).getTime();
}

/** The last moment of the day, however long it is. */
export function endOfDay(day: string): number | null {
  const start = startOfDay(day);
  if (start === null) return null;
  const next = new Date(start);
  next.setDate(next.getDate() + 1);
  return next.getTime() - 1;
}
