/** How the images of a project are listed: as the address says, or else as it was chosen last in this browser. */

const KEPT = "atrisys.images";
export const VIEWS = ["grid", "table"] as const;
export type View = (typeof VIEWS)[number];

const viewIn = (said: unknown) => VIEWS.find((one) => one === said);

export function viewFor(said: unknown, storage: Pick<Storage, "getItem"> = localStorage): View {
  return viewIn(said) ?? viewIn(storage.getItem(KEPT)) ?? "grid";
}

export function keepView(view: View, storage: Pick<Storage, "setItem"> = localStorage): void {
  storage.setItem(KEPT, view);
}
