/** What others change meanwhile: the server's feed of changes, asked for again and again. */

import { type Listing, type QueryOf, ask as askServer } from "../api/client";

export interface Change {
  seq: number;
  user: number | null;
  class: string;
  id: number;
  version: number;
}

const PATH = "/api/atrisys/changes";
type Ask = (query: QueryOf<typeof PATH>) => Promise<Listing<Change>>;

const MOST = 500;
/** Annotations that are asked for one by one; where more changed, all in sight is. */
const FEW = 20;
const SHAPES = ["UserAnnotation", "ReviewedAnnotation"];
const OF_SHAPES = ["AnnotationTerm", "ReviewedAnnotationTerm"];

/** The annotations that changed; undefined where all in sight is to be asked for. */
export function changedShapes(changes: Change[], me: number, knows: (id: number, version: number) => boolean): number[] | undefined {
  if (changes.some((one) => isKind(one, OF_SHAPES) && one.user !== me)) return undefined;
  const ids = changes.filter((one) => isKind(one, SHAPES) && !knows(one.id, one.version)).map((one) => one.id);
  const once = [...new Set(ids)];
  return once.length > FEW ? undefined : once;
}

/** Whether something of this kind came, went or was changed. */
export const tellsOf = (changes: Change[], kind: string) => changes.some((one) => isKind(one, [kind]));

const isKind = (one: Change, kinds: string[]) => kinds.some((kind) => one.class === kind || one.class.endsWith(`.${kind}`));

/** Does something again and again until it is stopped, each time when the last one is done. */
export function again(act: () => Promise<void>, everyMs: number): { stop(): void } {
  let wait: ReturnType<typeof setTimeout>;
  let isStopped = false;
  async function once(): Promise<void> {
    await act();
    if (!isStopped) wait = setTimeout(once, everyMs);
  }
  void once();
  return {
    stop() {
      isStopped = true;
      clearTimeout(wait);
    },
  };
}

/** Reads what is new each time it is called; what was there before the first time is not told. */
export function createFeed(project: number, ask: Ask = (query) => askServer("GET", PATH, { query })) {
  let since: number | undefined;

  async function start(): Promise<void> {
    const { size } = await ask({ project, max: 1 });
    const [last] = size ? (await ask({ project, max: 1, offset: size - 1 })).collection : [];
    since = last?.seq ?? 0;
  }

  return {
    async read(): Promise<Change[]> {
      if (since === undefined) {
        await start();
        return [];
      }
      const { collection } = await ask({ project, since, max: MOST });
      since = collection.at(-1)?.seq ?? since;
      return collection;
    },
  };
}
