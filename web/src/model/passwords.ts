/** A password that somebody is given, to be changed by them: easily read out and typed, hard to guess. */

/** Without letters that look like others. */
const SIGNS = "abcdefghjkmnpqrstuvwxyz23456789";
const LENGTH = 20;
const GROUP = 5;

export function newPassword(random = (length: number) => crypto.getRandomValues(new Uint8Array(length))): string {
  const signs: string[] = [];
  while (signs.length < LENGTH) {
    // Bytes beyond the last whole round would make the first signs likelier.
    const usable = [...random(LENGTH)].filter((byte) => byte < 256 - (256 % SIGNS.length));
    signs.push(...usable.map((byte) => SIGNS[byte % SIGNS.length]));
  }
  const groups = Array.from({ length: LENGTH / GROUP }, (_, place) => signs.slice(place * GROUP, (place + 1) * GROUP).join(""));
  return groups.join("-");
}
