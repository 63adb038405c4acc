/** What things are called on the page. */

import type { Image } from "../api/shapes";
import { i18n } from "./index";

export function nameOf(image: Pick<Image, "id" | "instanceFilename" | "blindedName">): string {
  return image.instanceFilename ?? image.blindedName ?? i18n.global.t("project.unnamed", { id: image.id });
}
