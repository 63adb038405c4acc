/** What to tell somebody when something went wrong: what happened, and what to do. */

import { Refusal } from "../api/client";
import { i18n } from ".";

export function wordsOf(error: unknown): string {
  const t = i18n.global.t;
  if (!(error instanceof Refusal)) return t("error.unknown", { status: error instanceof Error ? error.message : "?" });
  if (error.status === 0) return t("error.offline");
  if (error.isSignedOut) return t("error.endedHere");
  if (error.status === 404) return t("error.notFound");
  return error.message || t("error.unknown", { status: error.status });
}
