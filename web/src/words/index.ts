/** The page's words: the browser's language, or the one that was chosen. */

import { watch } from "vue";
import { createI18n } from "vue-i18n";
import { en as parts, zhHant as partsZhHant } from "vuetify/locale";
import { speak } from "../api/client";
import { amountOf } from "../model/files";
import en from "./en";
import zhHant from "./zhHant";

export type Language = "en" | "zhHant";

const CHOSEN = "atrisys.language";
export const TAGS: Record<Language, string> = { en: "en", zhHant: "zh-TW" };

export const LANGUAGES: { title: string; value: Language }[] = [
  { title: en.language, value: "en" },
  { title: zhHant.language, value: "zhHant" },
];

export const i18n = createI18n({
  legacy: false,
  locale: first(),
  fallbackLocale: "en",
  messages: { en: { ...en, $vuetify: parts }, zhHant: { ...zhHant, $vuetify: partsZhHant } },
});

function first(): Language {
  const chosen = localStorage.getItem(CHOSEN);
  if (chosen === "en" || chosen === "zhHant") return chosen;
  return navigator.languages.find((tag) => /^(en|zh)/.test(tag))?.startsWith("zh") ? "zhHant" : "en";
}

export function choose(language: Language): void {
  i18n.global.locale.value = language;
  localStorage.setItem(CHOSEN, language);
}

watch(
  i18n.global.locale,
  (language) => {
    document.documentElement.lang = TAGS[language as Language];
    speak(TAGS[language as Language]);
  },
  { immediate: true },
);

/** Numbers and dates in the reader's manner. */
export function number(value: number | null, digits = 0): string {
  if (value === null) return "?";
  return new Intl.NumberFormat(TAGS[i18n.global.locale.value as Language], { maximumFractionDigits: digits }).format(value);
}

export function date(ms: string): string {
  return new Intl.DateTimeFormat(TAGS[i18n.global.locale.value as Language], { dateStyle: "medium" }).format(Number(ms));
}

/** A date with its time of day. */
export function moment(ms: string): string {
  const style = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(TAGS[i18n.global.locale.value as Language], style).format(Number(ms));
}

/** So many bytes. */
export function size(bytes: number): string {
  const { value, unit } = amountOf(bytes);
  const style = { style: "unit", unit, maximumFractionDigits: value < 100 && unit !== "byte" ? 1 : 0 } as const;
  return new Intl.NumberFormat(TAGS[i18n.global.locale.value as Language], style).format(value);
}
