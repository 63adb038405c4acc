/** What a press of a button asks of the server: not asked twice at once, and where it fails one reads why. */

import { ref } from "vue";

/** `thereafter`: what is read again, however it went. */
export function useAttempts(thereafter: () => unknown = () => {}) {
  const busy = ref(false);
  const failure = ref<unknown>();

  async function attempt(act: () => Promise<unknown>): Promise<void> {
    busy.value = true;
    failure.value = undefined;
    try {
      await act();
    } catch (error) {
      failure.value = error;
    } finally {
      await thereafter();
      busy.value = false;
    }
  }

  return { busy, failure, attempt };
}
