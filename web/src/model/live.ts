/** What others change meanwhile: the server's feed of changes, asked for again and again. */

import { type Listing, type QueryOf, ask as askServer } from "../api/client";

export interface Change {
  seq: number;
  user: number | null;
  class: string;
  id: number;
  version: number;
}

export interface News {
  changes: Change[];
  /** There were more than one answer holds, of which nothing is told: whatever is shown may be another now. */
  missed: boolean;
}

export const NO_NEWS: News = { changes: [], missed: false };

const PATH = "/api/atrisys/changes";
type Ask = (query: QueryOf<typeof PATH>) => Promise<Listing<Change>>;

const MOST = 500;
/** Annotations that are asked for one by one; where more changed, all in sight is. */
const FEW = 20;
const SHAPES = ["UserAnnotation", "ReviewedAnnotation"];
const OF_SHAPES = ["AnnotationTerm", "ReviewedAnnotationTerm"];

/** The annotations that changed; undefined where all in sight is to be asked for. */
export function changedShapes({ changes, missed }: News, me: number, knows: (id: number, version: number) => boolean): number[] | undefined {
  if (missed || changes.some((one) => isKind(one, OF_SHAPES) && one.user !== me)) return undefined;
  const ids = changes.filter((one) => isKind(one, SHAPES) && !knows(one.id, one.version)).map((one) => one.id);
  const once = [...new Set(ids)];
  return once.length > FEW ? undefined : once;
}

/** Whether something of this kind came, went or was changed, or may have been. */
export const tellsOf = ({ changes, missed }: News, kind: string) => missed || changes.some((one) => isKind(one, [kind]));

/** Whether an object was changed, or may have been. */
export const mayTouch = ({ changes, missed }: News, id: number) => missed || changes.some((one) => one.id === id);

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

  /** To the last one of so many after `after`. */
  async function skip(after: number, size: number): Promise<number> {
    const [last] = size ? (await ask({ project, since: after, max: 1, offset: size - 1 })).collection : [];
    return last?.seq ?? after;
  }

  return {
    async read(): Promise<News> {
      if (since === undefined) {
        since = await skip(0, (await ask({ project, max: 1 })).size);
        return NO_NEWS;
      }
      const { collection, size } = await ask({ project, since, max: MOST });
      const missed = size > collection.length;
      since = missed ? await skip(since, size) : (collection.at(-1)?.seq ?? since);
      return missed ? { changes: [], missed } : { changes: collection, missed };
    },
  };
}
