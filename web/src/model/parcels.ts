/** What somebody chose, as it goes to the server: slides one by one, and folders that are one slide as a zip. */

import { type Entry, zipOf } from "./zip";

export interface Parcel {
  name: string;
  /** When the file was changed last (epoch ms): by this and its size it is known again. */
  modified: number;
  /** Made of a folder: to send it once more, the folder has to be chosen. */
  packed: boolean;
  open(): Promise<Blob>;
}

export interface Chosen {
  /** As the browser tells it: `folder/below/file`; a file that was chosen by itself has no folder. */
  path: string;
  file: File;
}

const ALONE = /\.(svs|tiff?|btf|ndpi|scn|bif|svslide|czi|isyntax|jpe?g|png|gif|bmp|webp|jp2|zip)$/i;
const IN_PARTS = /(\.(mrxs|vms|vmu|vsi|dcm|dicom)|(^|\/)[^./]+)$/i;
const CLUTTER = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/** Files that were chosen by themselves are all sent: the server says of each what it is. */
export function parcelsOf(chosen: Chosen[]): Parcel[] {
  const folders = new Map<string, Chosen[]>();
  const found: Parcel[] = [];
  for (const one of chosen) {
    const folder = one.path.includes("/") ? one.path.slice(0, one.path.indexOf("/")) : null;
    if (folder === null) found.push(alone(one));
    else if (!CLUTTER.test(one.path)) folders.set(folder, [...(folders.get(folder) ?? []), one]);
  }
  for (const [folder, inside] of folders) {
    if (inside.some(({ path }) => IN_PARTS.test(path))) found.push(packed(folder, inside));
    else found.push(...inside.filter(({ path }) => ALONE.test(path)).map(alone));
  }
  return found;
}

function alone({ file }: Chosen): Parcel {
  return { name: file.name, modified: file.lastModified, packed: false, open: async () => file };
}

function packed(folder: string, inside: Chosen[]): Parcel {
  const entries: Entry[] = inside.map(({ path, file }) => ({ path, file }));
  const modified = Math.max(...inside.map(({ file }) => file.lastModified));
  return { name: `${folder}.zip`, modified, packed: true, open: () => zipOf(entries) };
}
