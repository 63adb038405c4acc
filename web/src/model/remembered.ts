/** How somebody likes to see the slides of a project, remembered in this browser. */

import { type Look, PLAIN, PLAIN_SHAPES, type ShapeLook, within } from "./look";

export interface Looks {
  look: Look;
  shapes: ShapeLook;
}

export function rememberLooks(user: number, project: number, storage: Pick<Storage, "getItem" | "setItem"> = localStorage) {
  const name = `atrisys.look.${user}.${project}`;
  return {
    /** Nothing kept, or nothing of ours: as scanned. */
    read(): Looks {
      const kept = parsed(storage.getItem(name));
      const { outline } = { ...(kept.shapes as object) } as Partial<ShapeLook>;
      const shapes = numbersOf(PLAIN_SHAPES, kept.shapes);
      const part = (value: number) => Math.min(1, Math.max(0, value));
      return {
        look: within(numbersOf(PLAIN, kept.look)),
        shapes: { opacity: part(shapes.opacity), fill: part(shapes.fill), outline: typeof outline === "boolean" ? outline : PLAIN_SHAPES.outline },
      };
    },
    write(looks: Looks): void {
      try {
        storage.setItem(name, JSON.stringify(looks));
      } catch {
        // The browser has no room: it is as it was when the page is opened next.
      }
    },
  };
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    return { ...JSON.parse(text ?? "{}") };
  } catch {
    return {};
  }
}

function numbersOf<T extends object>(plain: T, kept: unknown): T {
  const found = Object.entries({ ...(kept as object) }).filter(([name, value]) => name in plain && Number.isFinite(value));
  return { ...plain, ...Object.fromEntries(found) };
}
