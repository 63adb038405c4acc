/** A slide that somebody works at: what is shown of it, what is drawn on it, and what others change on it meanwhile. */

import { type Ref, computed, ref, shallowRef, watch } from "vue";
import { type Editing, createEditing } from "../model/editing";
import { type Hidden, NOTHING_HIDDEN, toFilter } from "../model/filter";
import { createHand } from "../model/hand";
import { keepIn } from "../model/kept";
import { again, changedShapes, createFeed } from "../model/live";
import { PLAIN, PLAIN_SHAPES } from "../model/look";
import { type Scale, downsampleFor, magnificationAt, stepped } from "../model/magnification";
import type { Measured } from "../model/measure";
import { type Position, fromQuery } from "../model/position";
import { createReviewing, decide, startReview } from "../model/reviewing";
import { createRecent } from "../model/recent";
import { createSeveral } from "../model/several";
import { fromAnnotation } from "../model/shape";
import { createShapeStore } from "../model/shape_store";
import type { Slice } from "../model/slices";
import { createTermCounts } from "../model/term_counts";
import { type Opened, openImage } from "../model/viewing";
import { i18n, number } from "../words";
import { wordsOf } from "../words/refusals";
import type { Tool } from "./drawing";
import type { Shown } from "./loading";
import { type Stage, createStage } from "./slide_viewer";

const ASK_FOR_NEWS_MS = 5000;
const { t } = i18n.global;

export type ReviewStep = "previous" | "next" | "accept" | "reject";

/** What somebody holds in the hand, at whichever slide. */
export interface Held {
  tool: Ref<Tool>;
  /** The term of new shapes. */
  term: Ref<number | null>;
}

export interface Hooks {
  problem(words: string): void;
  news(words: string): void;
  /** The view has come to rest. */
  rests(position: Position, height: number): void;
}

export function createDesk(project: number, image: number, me: number, { tool, term }: Held, hooks: Hooks) {
  const opened = shallowRef<Opened>();
  const slide = shallowRef<Stage>();
  const downsample = ref(1);
  const degrees = ref(0);
  const shown = ref<Shown>();
  const loading = ref(false);
  const failure = ref("");
  /** Whether somebody is asked where to go. */
  const asksWhere = ref(false);
  /** Where on the page the menu of terms is open. */
  const menuAt = ref<[number, number]>();
  const brushPx = ref(12);
  const wandReach = ref(24);
  const measured = ref<Measured>();
  const hidden = ref<Hidden>(NOTHING_HIDDEN);
  const look = ref({ ...PLAIN });
  const shapeLook = ref({ ...PLAIN_SHAPES });
  const isInReview = ref(false);
  const slice = ref<Slice>();

  const store = createShapeStore();
  const stage = createStage(store);
  const several = createSeveral(store, () => editing, {
    shows: stage.mark,
    tooMany: (most) => hooks.problem(t("several.tooMany", { most: number(most) })),
  });
  const editing: Editing = createEditing({
    image,
    store,
    kept: keepIn(me, image),
    wordsOf,
    slice: () => slice.value?.id ?? null,
    shows: several.alone,
    problem: hooks.problem,
    again: () => slide.value?.loader.again(),
  });
  const hand = createHand(editing, several, store, {
    gave: (given) => recent.use(given),
    term: () => term.value,
    downsample: () => downsample.value,
    nothing: () => hooks.problem(t("viewer.nothingToDrawOver")),
    notYet: () => hooks.problem(t("several.notYet")),
    corners: (before, now) => hooks.news(t("viewer.corners", { before: number(before), now: number(now) })),
  });
  const filter = () => toFilter(hidden.value, terms.value, opened.value?.layers ?? [], slice.value?.id);
  const reviewing = createReviewing(image, filter);
  const termCounts = createTermCounts(image, filter);
  const recent = createRecent(`atrisys.terms.${project}`);
  const feed = createFeed(project);
  let listening: ReturnType<typeof again> | undefined;

  const terms = computed(() => opened.value?.terms ?? []);
  const scale = (): Scale => ({ mpp: opened.value?.image.physicalSizeX ?? null, magnification: opened.value?.image.magnification ?? null });
  const drawsNow = () => tool.value !== "move" && tool.value !== "edit";

  async function open(place: HTMLElement, query: Parameters<typeof fromQuery>[0]): Promise<void> {
    failure.value = "";
    try {
      opened.value = await openImage(String(project), String(image));
      stage.paint({ colours: new Map(terms.value.map((one) => [one.id, one.color])) });
      isInReview.value = opened.value.image.reviewUser !== null;
      show(place, opened.value, fromQuery(query, opened.value.grid.height));
      slice.value = opened.value.first;
    } catch (error) {
      failure.value = wordsOf(error);
      return;
    }
    void termCounts.again();
    await editing.resume().catch((error) => hooks.problem(wordsOf(error)));
    if (place.isConnected) listening ??= again(listen, ASK_FOR_NEWS_MS);
  }

  function show(place: HTMLElement, now: Opened, start: Position | undefined): void {
    slide.value = stage.open(place, now, t("viewer.overview"), start, {
      moves(position) {
        downsample.value = position.downsample;
        degrees.value = position.degrees;
      },
      rests: (position) => hooks.rests(position, now.grid.height),
      clicked(shape, adds) {
        if (drawsNow()) return;
        if (!adds) editing.choose(shape?.id);
        else if (shape) several.toggle(shape);
      },
      boxed: several.add,
      menu(shape, at) {
        if (drawsNow() || !shape) return;
        if (typeof shape.id !== "number" || !several.ids.value.includes(shape.id)) editing.choose(shape.id);
        menuAt.value = at;
      },
      mayChoose: () => !drawsNow(),
      begins: () => (loading.value = true),
      ends(found) {
        loading.value = false;
        shown.value = found;
      },
      fails(error) {
        loading.value = false;
        hooks.problem(wordsOf(error));
      },
      drawn: hand.drawn,
      brushed: hand.brushed,
      found: (location, how) => hand.found(location, how),
      changed: editing.reshape,
      measures: (now) => (measured.value = now),
    });
  }

  async function review(step: ReviewStep): Promise<void> {
    if (step === "accept" || step === "reject") return editing.review((id) => decide(id, step === "accept"));
    await editing.act(async () => {
      const found = await reviewing.step(step === "next" ? 1 : -1);
      if (!found) return;
      const shape = fromAnnotation(found, hidden.value.drawn);
      store.put(shape);
      editing.choose(found.id);
      slide.value?.lookAt(shape.box);
    });
  }

  const beginReview = () =>
    editing.act(async () => {
      await startReview(image);
      isInReview.value = true;
    });

  /** What others do appears by itself. */
  async function listen(): Promise<void> {
    if (document.hidden) return;
    const changes = await feed.read().catch(() => []);
    if (changes.length) void termCounts.again();
    const ids = changedShapes(changes, me, editing.knows);
    if (ids === undefined || (ids.length && Object.keys(filter()).length)) slide.value?.loader.again();
    else for (const id of ids) await editing.refresh(id).catch(() => {});
  }

  function close(): void {
    listening?.stop();
    slide.value?.loader.stop();
    slide.value?.panning.stop();
    slide.value?.map.setTarget(undefined);
  }

  watch(term, (now) => now !== null && recent.use(now));
  watch(tool, (now) => {
    if (now === "move") editing.choose(undefined);
    slide.value?.pen.use(now);
    slide.value?.doubleClickZooms(now === "move");
  });
  watch(slice, (now) => now && slide.value?.plane(now));
  watch([hidden, slice], () => {
    reviewing.again();
    void termCounts.again();
    slide.value?.loader.filter(filter());
  });
  watch(look, (now) => slide.value?.picture(now));
  watch(shapeLook, ({ opacity, ...paint }) => stage.paint(paint, opacity));

  return {
    image,
    opened,
    slide,
    terms,
    downsample,
    degrees,
    shown,
    loading,
    failure,
    brushPx,
    wandReach,
    measured,
    hidden,
    look,
    shapeLook,
    isInReview,
    slice,
    editing,
    hand,
    several,
    termCounts,
    recent,
    reviewing,
    drawsNow,
    open,
    close,
    review,
    beginReview,
    scale,
    asksWhere,
    menuAt,
    /** Opens the menu of terms beside what is chosen. */
    askTerm(): void {
      const shape = hand.shape() ?? store.get(several.ids.value[0] ?? "");
      if (shape) menuAt.value = slide.value?.pageAt(shape.box);
    },
    /** To the next usual magnification. */
    magnify(by: 1 | -1): void {
      const now = magnificationAt(downsample.value, scale());
      if (now) slide.value?.goTo({ downsample: downsampleFor(stepped(now, by), scale())! });
    },
    /** The tool in the hand does more or less at once. */
    widen(steps: number): void {
      const pen = slide.value?.pen;
      if (!pen) return;
      if (tool.value === "wand") wandReach.value = pen.wandReach(steps);
      else brushPx.value = pen.brushSize(steps);
    },
  };
}

export type Desk = ReturnType<typeof createDesk>;
