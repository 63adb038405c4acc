/** Files and folders as browsers hand them over: chosen in a dialog, or dropped. */

import type { Chosen } from "../model/parcels";

export function chosenFrom(files: FileList | null): Chosen[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

export async function droppedIn(transfer: DataTransfer): Promise<Chosen[]> {
  // Taken at once: after the event the list is empty.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
}

async function walk(entry: FileSystemEntry, above: string): Promise<Chosen[]> {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((found, failed) => (entry as FileSystemFileEntry).file(found, failed));
    return [{ path, file }];
  }
  const inside: Chosen[] = [];
  for (const one of await children(entry as FileSystemDirectoryEntry)) inside.push(...(await walk(one, `${path}/`)));
  return inside;
}

/** Browsers tell some at a time, and nothing more at the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((found, failed) => reader.readEntries(found, failed));
    if (!some.length) return all;
    all.push(...some);
  }
}
