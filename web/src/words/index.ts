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

/** What the library says otherwise than Taiwan does. */
const inTaiwan = {
  dataFooter: { ...partsZhHant.dataFooter, itemsPerPageText: "每頁筆數：", pageText: "第 {0}–{1} 筆，共 {2} 筆" },
};

export const i18n = createI18n({
  legacy: false,
  locale: first(),
  fallbackLocale: "en",
  messages: { en: { ...en, $vuetify: parts }, zhHant: { ...zhHant, $vuetify: { ...partsZhHant, ...inTaiwan } } },
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

/** A person's names in the order in which the reader's language says them. */
export function names(): readonly ("firstname" | "lastname")[] {
  return i18n.global.locale.value === "zhHant" ? ["lastname", "firstname"] : ["firstname", "lastname"];
}

/** One after another; Chinese has no space between them. */
export function sentences(...said: string[]): string {
  return said.filter(Boolean).join(i18n.global.locale.value === "zhHant" ? "" : " ");
}

/** Numbers and dates in the reader's manner. */
export function number(value: number | null, digits = 0): string {
  if (value === null) return "?";
  return new Intl.NumberFormat(TAGS[i18n.global.locale.value as Language], { maximumFractionDigits: digits }).format(value);
}

// In Chinese the short date is whole already; and beside an hour it would say "in the early morning".
const DATES: Record<Language, Intl.DateTimeFormatOptions> = { en: { dateStyle: "medium" }, zhHant: { dateStyle: "short" } };
const TIMES: Record<Language, Intl.DateTimeFormatOptions> = { en: { timeStyle: "short" }, zhHant: { timeStyle: "short", hourCycle: "h23" } };

export function date(ms: string): string {
  const language = i18n.global.locale.value as Language;
  return new Intl.DateTimeFormat(TAGS[language], DATES[language]).format(Number(ms));
}

/** A date with its time of day. */
export function moment(ms: string): string {
  const language = i18n.global.locale.value as Language;
  return new Intl.DateTimeFormat(TAGS[language], { ...DATES[language], ...TIMES[language] }).format(Number(ms));
}

/** So many bytes. */
export function size(bytes: number): string {
  const { value, unit } = amountOf(bytes);
  const style = { style: "unit", unit, maximumFractionDigits: value < 100 && unit !== "byte" ? 1 : 0 } as const;
  return new Intl.NumberFormat(TAGS[i18n.global.locale.value as Language], style).format(value);
}
