/** Lines of the log in the page's language. */

import type { Change } from "../api/shapes";
import { i18n } from ".";

const { t, te } = i18n.global;

/** What the page has no word for yet stays as the server says it. */
function inWords(list: "kinds" | "whats", said: string): string {
  const key = `log.${list}.${said}`;
  return te(key) ? t(key) : said;
}

export const kindInWords = (kind: string): string => inWords("kinds", kind);

/** What a line is about: its kind, and its number. */
export const objectInWords = (line: Change): string =>
  line.class === null ? "" : [kindInWords(line.class), line.id].filter((part) => part !== null).join(" ");

/** How it was done, and from where. */
export function whatInWords(line: Change): string {
  const parts = (line.what ?? "").split(", ").map((part) => inWords("whats", part));
  const from = line.address === null ? [] : [t("log.address", { address: line.address })];
  return [...parts, ...from].filter(Boolean).join(t("log.comma"));
}
