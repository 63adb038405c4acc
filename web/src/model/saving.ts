/** Drawings and changed shapes on their way to the server: nothing is forgotten before it is saved. */

import { computed, reactive } from "vue";

export interface Unsaved {
  /** Names the shape here until it has a number; with `turn`, names what is sent to the server too: sent twice, it is done once. */
  key: string;
  turn: number;
  /** The annotation whose shape is changed; null: a new one. */
  id: number | null;
  /** Of the annotation, as it was known when it was changed. */
  version: number | null;
  location: string;
  /** A new one is sent as it was at first, however often it is sent; how it has changed since is sent when it has a number. */
  first: string;
  /** As with the shape: it is sent with the first ones, and the others are given to it when it has a number. */
  firstTerms: number[];
  terms: number[];
  /** The plane that it is drawn on; null: the image has one only. */
  slice: number | null;
  /** `away`: the server could not be reached; `failed`: it refused. */
  state: "saving" | "away" | "failed" | "conflict";
  problem: string;
}

export interface Saved {
  id: number;
  version: number;
  command: number | null;
}

/** How the rest of the page, and the next one, know of what is waiting. */
export interface Hooks {
  send(drawing: Unsaved): Promise<Saved>;
  wordsOf(error: unknown): string;
  /** Whether somebody else has changed or deleted the annotation meanwhile. */
  isConflict(error: unknown): boolean;
  /** Whether the server could not be reached. */
  isAway(error: unknown): boolean;
  saved(drawing: Unsaved, saved: Saved): void;
  /** Kept in the browser until it is forgotten. */
  keep(drawing: Unsaved): void;
  forget(key: string): void;
}

export function createSaving(hooks: Hooks) {
  const waiting = reactive(new Map<string, Unsaved>());
  const running = new WeakMap<Unsaved, Promise<void>>();

  function attempt(drawing: Unsaved): Promise<void> {
    const run = sendAll(drawing);
    running.set(drawing, run);
    return run;
  }

  async function sendAll(drawing: Unsaved): Promise<void> {
    drawing.state = "saving";
    const location = drawing.id === null ? drawing.first : drawing.location;
    try {
      const saved = await hooks.send({ ...drawing, location, terms: drawing.firstTerms });
      if (waiting.get(drawing.key) !== drawing) return;
      const isLast = drawing.location === location;
      if (isLast) {
        waiting.delete(drawing.key);
        hooks.forget(drawing.key);
      }
      hooks.saved({ ...drawing }, saved);
      if (isLast) return;
      Object.assign(drawing, { id: saved.id, version: saved.version, turn: drawing.turn + 1, firstTerms: drawing.terms });
      hooks.keep({ ...drawing });
      return sendAll(drawing);
    } catch (error) {
      drawing.state = hooks.isConflict(error) ? "conflict" : hooks.isAway(error) ? "away" : "failed";
      drawing.problem = hooks.wordsOf(error);
    }
  }

  function begin(drawing: Unsaved): Promise<void> {
    waiting.set(drawing.key, drawing);
    hooks.keep({ ...drawing });
    return attempt(waiting.get(drawing.key)!);
  }

  const of = (id: number | string) => [...waiting.values()].find((one) => one.id === id || one.key === id);

  function draw(key: string, location: string, terms: number[], slice: number | null = null): Promise<void> {
    return begin({ key, turn: 0, id: null, version: null, location, first: location, firstTerms: terms, terms, slice, state: "saving", problem: "" });
  }

  /** Other terms for a drawing that is not saved yet. */
  function name(key: string, terms: number[]): void {
    const there = waiting.get(key);
    if (!there) return;
    there.terms = terms;
    hooks.keep({ ...there });
  }

  /** Until what is on its way at this moment has come there, or has failed. */
  async function rest(...ids: (number | string)[]): Promise<void> {
    await Promise.all(ids.map(of).map((there) => there?.state === "saving" && running.get(there)));
  }

  /** Another shape for an annotation, or for a drawing that is not saved yet. */
  function reshape(id: number | string, version: number | null, location: string, key: string): Promise<void> {
    const there = of(id);
    if (!there) return begin({ key, turn: 0, id: Number(id), version, location, first: location, firstTerms: [], terms: [], slice: null, state: "saving", problem: "" });
    Object.assign(there, { location, turn: there.turn + (there.id === null ? 0 : 1) });
    hooks.keep({ ...there });
    return isHeld(there) ? attempt(there) : Promise.resolve();
  }

  const list = () => [...waiting.values()];
  const isHeld = ({ state }: Unsaved) => state === "failed" || state === "away";
  const failed = computed(() => list().filter(isHeld));
  const away = computed(() => list().filter((one) => one.state === "away"));
  const conflicts = computed(() => list().filter((one) => one.state === "conflict"));
  const retry = () => Promise.all(failed.value.map(attempt));

  function drop(some: Unsaved[]): Unsaved[] {
    for (const { key } of some) {
      waiting.delete(key);
      hooks.forget(key);
    }
    return some;
  }

  return {
    waiting,
    /** All that could not be saved; `away` of them: because the server could not be reached. */
    failed,
    away,
    conflicts,
    draw,
    name,
    reshape,
    rest,
    retry,
    /** The server is heard again. */
    resend: () => Promise.all(away.value.map(attempt)),
    of,
    /** What an earlier page could not send. */
    resume: (one: Unsaved) => begin({ ...one, firstTerms: one.firstTerms ?? one.terms }),
    /** Forgets what could not be saved; answers which these were. */
    discard: () => drop([...failed.value]),
    /** Forgets one's own change: the other's stands. */
    giveWay: (one: Unsaved) => drop([one]),
    /** Puts one's own shape over the other's, of which `version` is known now; null: it is gone, so it is drawn anew. */
    insist(one: Unsaved, version: number | null): Promise<void> {
      const now = waiting.get(one.key)!;
      Object.assign(now, { version, first: now.location, firstTerms: now.terms, turn: now.turn + 1, id: version === null ? null : now.id });
      hooks.keep({ ...now });
      return attempt(now);
    },
  };
}

export type Saving = ReturnType<typeof createSaving>;
