/** What can be taken back and done again on this page, also after it was loaded anew. */

import { reactive, readonly } from "vue";

const MOST = 200;

export type Way = "undo" | "redo";

export function createUndoing(name: string, storage: Pick<Storage, "getItem" | "setItem"> = sessionStorage) {
  const stacks: Record<Way, number[]> = read();
  const may = reactive({ undo: stacks.undo.length > 0, redo: stacks.redo.length > 0 });

  function read(): Record<Way, number[]> {
    try {
      const { undo, redo } = JSON.parse(storage.getItem(name) ?? "");
      if ([...undo, ...redo].every(Number.isInteger)) return { undo, redo };
    } catch {
      // Nothing kept, or nothing of ours.
    }
    return { undo: [], redo: [] };
  }

  function write(): void {
    storage.setItem(name, JSON.stringify(stacks));
    may.undo = stacks.undo.length > 0;
    may.redo = stacks.redo.length > 0;
  }

  return {
    may: readonly(may),
    /** A command was done; what was undone before it cannot be done again. */
    done(command: number | null): void {
      if (command === null) return;
      stacks.undo = [...stacks.undo, command].slice(-MOST);
      stacks.redo = [];
      write();
    },
    next: (way: Way) => stacks[way].at(-1),
    /** The next one was taken back, or done again. */
    taken(way: Way): void {
      const command = stacks[way].pop();
      if (command !== undefined) stacks[way === "undo" ? "redo" : "undo"].push(command);
      write();
    },
    /** The next one cannot be taken back any more. */
    lost(way: Way): void {
      stacks[way].pop();
      write();
    },
  };
}
