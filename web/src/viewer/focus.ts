/** Who a key that is pressed is meant for: the slide, or what has the focus. */

/** Where keys write or choose something. */
const WRITES = "input:not([type=radio], [type=checkbox]), textarea, [role=dialog], [role=listbox], [role=combobox], [role=menu]";
/** What Space and the arrows work by themselves. */
const WORKS = "input, [role=slider]";

/**
 * `page`: letters and the like, which nothing but fields takes. `slide`: Space and the arrows, which a control takes
 * that somebody walked to with the keyboard; who clicked it with the mouse has gone back to the slide.
 */
export function keysGoTo(what: "page" | "slide", event: KeyboardEvent): boolean {
  const inside = event.target as HTMLElement;
  if (event.defaultPrevented || inside.closest(WRITES)) return false;
  if (what === "page" || inside === document.body || inside.closest(".slide")) return true;
  return !inside.closest(WORKS) && !inside.matches(":focus-visible");
}
