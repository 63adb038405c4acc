/** A slide that somebody works at: what is shown of it, what is drawn on it, and what others change on it meanwhile. */

import { type Ref, computed, ref, shallowRef, watch } from "vue";
import { readAnnotation } from "../model/annotations";
import { createEditing } from "../model/editing";
import { type Hidden, NOTHING_HIDDEN, toFilter } from "../model/filter";
import { createHand } from "../model/hand";
import { keepIn } from "../model/kept";
import { type Change, again, changedShapes, createFeed } from "../model/live";
import { PLAIN, PLAIN_SHAPES } from "../model/look";
import type { Measured } from "../model/measure";
import { type Position, fromQuery } from "../model/position";
import { createReviewing, decide, startReview } from "../model/reviewing";
import { fromAnnotation } from "../model/shape";
import { createShapeStore } from "../model/shape_store";
import type { Slice } from "../model/slices";
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
  const brushPx = ref(12);
  const measured = ref<Measured>();
  const hidden = ref<Hidden>(NOTHING_HIDDEN);
  const look = ref({ ...PLAIN });
  const shapeLook = ref({ ...PLAIN_SHAPES });
  const isInReview = ref(false);
  const slice = ref<Slice>();
  /** What others and oneself have changed in the project, as the feed last told it. */
  const changes = shallowRef<Change[]>([]);

  const store = createShapeStore();
  const stage = createStage(store);
  const editing = createEditing({
    image,
    store,
    kept: keepIn(me, image),
    wordsOf,
    slice: () => slice.value?.id ?? null,
    shows: stage.mark,
    problem: hooks.problem,
    again: () => slide.value?.loader.again(),
  });
  const hand = createHand(editing, store, {
    term: () => term.value,
    downsample: () => downsample.value,
    nothing: () => hooks.problem(t("viewer.nothingToDrawOver")),
    corners: (before, now) => hooks.news(t("viewer.corners", { before: number(before), now: number(now) })),
  });
  const filter = () => toFilter(hidden.value, terms.value, opened.value?.layers ?? [], slice.value?.id);
  const reviewing = createReviewing(image, filter);
  const feed = createFeed(project);
  let listening: ReturnType<typeof again> | undefined;

  const terms = computed(() => opened.value?.terms ?? []);
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
      clicked: (shape) => drawsNow() || editing.choose(shape?.id),
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

  /** Leads to an annotation, wherever on the slide it lies. */
  const goTo = (id: number) =>
    editing.act(async () => {
      const found = await readAnnotation(id);
      if (!found) return hooks.problem(t("error.notFound"));
      if (hidden.value.drawn) hidden.value = { ...hidden.value, drawn: false };
      slice.value = opened.value?.slices.find((one) => one.id === found.slice) ?? slice.value;
      const shape = fromAnnotation(found);
      store.put(shape);
      editing.choose(id);
      slide.value?.lookAt(shape.box);
    });

  const beginReview = () =>
    editing.act(async () => {
      await startReview(image);
      isInReview.value = true;
    });

  /** What others do appears by itself. */
  async function listen(): Promise<void> {
    if (document.hidden) return;
    const told = await feed.read().catch(() => []);
    if (told.length) changes.value = told;
    const ids = changedShapes(told, me, editing.knows);
    if (ids === undefined || (ids.length && Object.keys(filter()).length)) slide.value?.loader.again();
    else for (const id of ids) await editing.refresh(id).catch(() => {});
  }

  function close(): void {
    listening?.stop();
    slide.value?.loader.stop();
    slide.value?.map.setTarget(undefined);
  }

  watch(tool, (now) => {
    if (now === "move") editing.choose(undefined);
    slide.value?.pen.use(now);
    slide.value?.doubleClickZooms(now === "move");
  });
  watch(slice, (now) => now && slide.value?.plane(now));
  watch([hidden, slice], () => {
    reviewing.again();
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
    measured,
    hidden,
    look,
    shapeLook,
    isInReview,
    slice,
    changes,
    editing,
    hand,
    reviewing,
    drawsNow,
    open,
    close,
    review,
    goTo,
    beginReview,
    sizeBrush: (steps: number) => (brushPx.value = slide.value?.pen.brushSize(steps) ?? brushPx.value),
  };
}

export type Desk = ReturnType<typeof createDesk>;
