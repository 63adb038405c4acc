/** The component library: colours, icons, words. */

import "vuetify/styles";
import { useI18n } from "vue-i18n";
import { createVuetify } from "vuetify";
import { aliases, mdi } from "vuetify/iconsets/mdi-svg";
import { createVueI18nAdapter } from "vuetify/locale/adapters/vue-i18n";
import { i18n } from "./words";

const CHOSEN_THEME = "atrisys.theme";

export function keepTheme(name: "light" | "dark"): void {
  localStorage.setItem(CHOSEN_THEME, name);
}

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;

export const look = createVuetify({
  theme: {
    cspNonce: nonce,
    defaultTheme: ["light", "dark"].find((one) => one === localStorage.getItem(CHOSEN_THEME)) ?? "system",
    themes: {
      // The library's own 0.6 leaves the labels of fields too faint, and its blue the words of notices.
      light: { colors: { primary: "#7a2a78", secondary: "#3f51b5", info: "#01579b" }, variables: { "medium-emphasis-opacity": 0.7 } },
      dark: { dark: true, colors: { primary: "#d79ad5", secondary: "#9fa8da" } },
    },
  },
  icons: { defaultSet: "mdi", aliases, sets: { mdi } },
  locale: { adapter: createVueI18nAdapter({ i18n: i18n as never, useI18n }) },
  defaults: {
    VTextField: { variant: "outlined", density: "comfortable" },
    VSelect: { variant: "outlined", density: "compact" },
    ...Object.fromEntries(["VCheckbox", "VSwitch"].map((name) => [name, { density: "compact", hideDetails: true }])),
    // A finger hits what is 24 px wide.
    ...Object.fromEntries(["VSlider", "VRangeSlider"].map((name) => [name, { density: "compact", hideDetails: true, thumbSize: 24 }])),
  },
});
