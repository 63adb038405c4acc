/** What is not saved yet, kept in this browser: it outlives the page, the tab and the day. */

import type { Unsaved } from "./saving";

const ROOM = "unsaved";

export interface Kept {
  keep(drawing: Unsaved): void;
  forget(key: string): void;
  list(): Promise<Unsaved[]>;
}

interface Row {
  key: string;
  /** Whose it is, on which image: nobody sends what another drew. */
  place: string;
  at: number;
  drawing: Unsaved;
}

/** Where the browser has no such store (a private window of some), nothing is kept, and all else works. */
export function keepIn(user: number, image: number): Kept {
  const place = `${user}/${image}`;
  const opened = open().catch(() => undefined);

  async function write(act: (room: IDBObjectStore) => void): Promise<void> {
    const room = (await opened)?.transaction(ROOM, "readwrite", { durability: "strict" }).objectStore(ROOM);
    if (room) act(room);
  }

  return {
    keep(drawing) {
      // A plain copy: the browser does not store Vue's own arrays.
      const row: Row = { key: drawing.key, place, at: Date.now(), drawing: { ...drawing, terms: [...drawing.terms] } };
      void write((room) => room.put(row));
    },
    forget: (key) => void write((room) => room.delete(key)),
    async list() {
      const room = (await opened)?.transaction(ROOM).objectStore(ROOM);
      if (!room) return [];
      const rows = await answer<Row[]>(room.index("place").getAll(place));
      return rows.sort((one, other) => one.at - other.at).map((row) => row.drawing);
    },
  };
}

function open(): Promise<IDBDatabase> {
  const asked = indexedDB.open("atrisys", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(ROOM, { keyPath: "key" }).createIndex("place", "place");
  return answer(asked);
}

function answer<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
