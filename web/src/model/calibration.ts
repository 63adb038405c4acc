/** How large a pixel of a slide is: as its file says, or as somebody set it by hand in the project. */

import { ask } from "../api/client";
import type { Image, Project } from "../api/shapes";

/** µm for each level-0 pixel, and the objective; null where unknown. */
export type Calibration = Pick<Image, "physicalSizeX" | "physicalSizeY" | "magnification">;

/** What is told beside the image itself, so that its first picture need not wait for it. */
export interface Told {
  /** As the file says. */
  file: Calibration;
  project: Pick<Project, "isReadOnly" | "isRestricted">;
}

/** Who looks at the slide. */
export interface Reader {
  id: number;
  guest: boolean;
  isManager: boolean;
}

const MOST = 1e9;

export async function askCalibration({ baseImage, project }: Image): Promise<Told> {
  const [file, found] = await Promise.all([
    ask("GET", "/api/abstractimage/{id}.json", { path: { id: baseImage } }),
    ask("GET", "/api/project/{id}.json", { path: { id: project } }),
  ]);
  return { file, project: found };
}

/** The image as it is then. */
export async function calibrate(image: number, wish: Calibration): Promise<Image> {
  return (await ask("PUT", "/api/imageinstance/{id}.json", { path: { id: image }, body: wish })).imageinstance;
}

/** Those of a project whose scale is not known. */
export async function askUnscaled(project: number): Promise<Image[]> {
  const { collection } = await ask("GET", "/api/project/{id}/imageinstance.json", {
    path: { id: project },
    query: { physicalSizeX: { in: "null" }, max: 0 },
  });
  return collection;
}

export const readImage = (id: number) => ask("GET", "/api/imageinstance/{id}.json", { path: { id } });

/** As the server judges: managers always, contributors as the project's mode says. `owner`: who put the image there. */
export function mayCalibrate(reader: Reader, { isReadOnly, isRestricted }: Told["project"], owner: number): boolean {
  if (reader.guest) return false;
  return reader.isManager || (!isReadOnly && (!isRestricted || owner === reader.id));
}

/** Whether the size of a pixel is another one than the file's. */
export const isByHand = (own: Calibration, file: Calibration) =>
  own.physicalSizeX !== file.physicalSizeX || own.physicalSizeY !== file.physicalSizeY;

export const isSquare = ({ physicalSizeX, physicalSizeY }: Calibration) => physicalSizeX === physicalSizeY;

/** What stands in a field for an amount. */
export const asTyped = (amount: number | null): string => (amount === null ? "" : String(amount));

/** A number above 0, with a point or a comma; null where nothing stands there, undefined where something else does. */
export function readAmount(text: string): number | null | undefined {
  if (!text.trim()) return null;
  if (!/^\s*(\d+[.,]?\d*|[.,]\d+)\s*$/.test(text)) return undefined;
  const value = Number(text.replace(",", "."));
  return value > 0 && value <= MOST ? value : undefined;
}
