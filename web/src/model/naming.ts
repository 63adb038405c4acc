/** What the window's title names beside the page: a project, an image, an ontology. */

import { onBeforeUnmount, ref, watchEffect } from "vue";

export const shownName = ref("");

/** Names the window as long as the page stands that asks for it. */
export function nameWindow(name: () => string | undefined): void {
  watchEffect(() => (shownName.value = name() ?? ""));
  onBeforeUnmount(() => (shownName.value = ""));
}
