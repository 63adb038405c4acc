import { createApp } from "vue";
import App from "./App.vue";
import { look } from "./look";
import { router } from "./router";
import "./style.css";
import { i18n } from "./words";

createApp(App).use(i18n).use(look).use(router).mount("#app");
