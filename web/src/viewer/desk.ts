/** A slide that somebody works at: what is shown of it, what is drawn on it, and what others change on it meanwhile. */

import { type Ref, computed, effectScope, getCurrentScope, ref, shallowRef, watch } from "vue";
import { tellImage } from "../model/activity";
import { MOST_AT_ONCE, readAnnotation } from "../model/annotations";
import { type Layer, tileQuery } from "../model/channels";
import { type Clipboard, pasted } from "../model/copying";
import { type Editing, createEditing } from "../model/editing";
import { type Hidden, NOTHING_HIDDEN, toFilter } from "../model/filter";
import type { Point } from "../model/frame";
import { createHand } from "../model/hand";
import { findInBox } from "../model/in_box";
import { keepIn } from "../model/kept";
import type { Extent } from "../model/linking";
import { type Scale, downsampleFor, magnificationAt, stepped } from "../model/magnification";
import type { Measured } from "../model/measure";
import type { Position, Query } from "../model/position";
import type { Looks, rememberLooks } from "../model/remembered";
import { createReviewing, decide, startReview } from "../model/reviewing";
import { createRecent } from "../model/recent";
import { createSeveral } from "../model/several";
import { fromAnnotation, shapeOf } from "../model/shape";
import { createShapeStore } from "../model/shape_store";
import { fromAddress, toAddress } from "../model/slide_address";
import { AXES, type Slice } from "../model/slices";
import { createTermCounts } from "../model/term_counts";
import { createTurns } from "../model/turns";
import { type Opened, openImage } from "../model/viewing";
import { i18n, number } from "../words";
import { nameOf } from "../words/names";
import { wordsOf } from "../words/refusals";
import type { Tool } from "./drawing";
import type { Shown } from "./loading";
import { type Wire, createNews } from "./news";
import { type Stage, createStage } from "./slide_viewer";

const { t } = i18n.global;

export type ReviewStep = "previous" | "next" | "accept" | "reject";

/** What somebody holds in the hand, at whichever slide. */
export interface Held {
  tool: Ref<Tool>;
  /** The term of new shapes. */
  term: Ref<number | null>;
  /** Whether each click adds a shape to the chosen ones, or takes it away again, as with Shift: a tablet has no such key. */
  gathers: Ref<boolean>;
}

export interface Hooks {
  problem(words: string): void;
  news(words: string): void;
  /** The slide is here. */
  opened(): void;
  /** The view moves, or has moved. */
  moves(): void;
  /** What the address says of the slide is another now. */
  changed(): void;
}

/** Whose desk it is, and what they have had on others. */
export interface Owner {
  me: number;
  looks: ReturnType<typeof rememberLooks>;
  clipboard: Clipboard;
}

/** Which slide it is, and how changes in its project are heard of. */
export type Place = { project: number; image: number; wire: Wire };

/** `said`: what the address says of the slide. */
export function createDesk(place: Place, owner: Owner, held: Held, hooks: Hooks, said: Query) {
  const scope = effectScope(true);
  const desk = scope.run(() => layOut(place, owner, held, hooks, said))!;
  return {
    ...desk,
    close(): void {
      desk.close();
      scope.stop();
    },
  };
}

export type Desk = ReturnType<typeof createDesk>;

function layOut({ project, image, wire }: Place, { me, looks, clipboard }: Owner, { tool, term, gathers }: Held, hooks: Hooks, said: Query) {
  const opened = shallowRef<Opened>();
  const slide = shallowRef<Stage>();
  const downsample = ref(1);
  const degrees = ref(0);
  const isFlipped = ref(false);
  const shown = ref<Shown>();
  const loading = ref(false);
  const failure = shallowRef<unknown>();
  /** Whether somebody is asked where to go. */
  const asksWhere = ref(false);
  /** Where on the page the menu of terms is open. */
  const menuAt = ref<[number, number]>();
  const brushPx = ref(12);
  const wandReach = ref(24);
  const measured = ref<Measured>();
  const hidden = ref<Hidden>(NOTHING_HIDDEN);
  const liked = looks.read();
  const look = ref(liked.look);
  const shapeLook = ref(liked.shapes);
  const isInReview = ref(false);
  const slice = ref<Slice>();
  const channels = ref<Layer[]>([]);
  const [beginWish, scope] = [createTurns(), getCurrentScope()!];

  const store = createShapeStore();
  const stage = createStage(store);
  const notYet = () => hooks.problem(t("several.notYet"));
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
    gone: several.forget,
    problem: hooks.problem,
    notYet,
    again: () => slide.value?.loader.again(),
  });
  const hand = createHand(editing, several, store, {
    gave: (given) => recent.use(given),
    term: () => term.value,
    downsample: () => downsample.value,
    nothing: () => hooks.problem(t("viewer.nothingToDrawOver")),
    notYet,
    corners: (before, now) => hooks.news(t("viewer.corners", { before: number(before), now: number(now) })),
  });
  const filter = () => toFilter(hidden.value, terms.value, opened.value?.layers ?? [], slice.value?.id);
  const reviewing = createReviewing(image, filter);
  const termCounts = createTermCounts(image, filter);
  const recent = createRecent(`atrisys.terms.${project}`);
  const news = createNews(wire, me, editing, {
    told: () => void termCounts.again(),
    back: () => slide.value?.refresh(),
    chosen: several.now,
    isFiltered: () => Object.keys(filter()).length > 0,
    again: () => slide.value?.loader.again(),
  });

  const title = computed(() => nameOf(opened.value?.image ?? { id: image, instanceFilename: null, blindedName: null }));
  const terms = computed(() => opened.value?.terms ?? []);
  const scale = (): Scale => ({ mpp: opened.value?.image.physicalSizeX ?? null, magnification: opened.value?.image.magnification ?? null });
  const drawsNow = () => tool.value !== "move" && tool.value !== "edit";

  async function open(place: HTMLElement): Promise<void> {
    failure.value = undefined;
    // Before the shapes are asked for: what is changed meanwhile is told.
    news.start();
    const found = await openImage(String(project), String(image)).catch((error) => void (failure.value = error));
    if (!found || !scope.active) return;
    opened.value = found;
    isInReview.value = found.image.reviewUser !== null;
    slide.value = show(place, found, fromAddress(said, found.grid.height).position);
    slide.value.pen.use(tool.value);
    stage.paint({ fill: shapeLook.value.fill, outline: shapeLook.value.outline }, shapeLook.value.opacity);
    go(said);
    slide.value.picture(look.value);
    hooks.opened();
    tellImage(image);
    void termCounts.again();
    await editing.resume().catch((error) => hooks.problem(wordsOf(error)));
  }

  function show(place: HTMLElement, now: Opened, start: Position | undefined): Stage {
    return stage.open(place, now, t("viewer.overview"), start, {
      moves(position) {
        downsample.value = position.downsample;
        degrees.value = position.degrees;
        isFlipped.value = position.isFlipped;
        hooks.moves();
      },
      rests: hooks.changed,
      clicked(shape, adds) {
        if (drawsNow()) return;
        beginWish();
        if (!adds && !(gathers.value && tool.value === "move")) editing.choose(shape?.id);
        else if (shape) several.toggle(shape);
      },
      boxed,
      menu(shape, at) {
        if (drawsNow() || !shape) return;
        beginWish();
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

  const boxed = (corners: Point[]) =>
    editing.act(async () => {
      const { shapes, tooMany } = await findInBox(image, filter(), corners);
      if (tooMany) return hooks.problem(t("several.tooManyInBox", { n: number(tooMany), most: number(MOST_AT_ONCE) }));
      if (!shapes.length) return hooks.news(t("several.noneInBox"));
      for (const shape of shapes) if (!store.get(shape.id)) store.put(shape);
      several.add(shapes);
    });

  /** Shows what an address says. */
  function go(query: Query): void {
    said = query;
    beginWish();
    if (!opened.value) return;
    const seen = fromAddress(query, opened.value.grid.height);
    if (seen.position) slide.value?.place(seen.position);
    hidden.value = seen.hidden;
    look.value = seen.look ?? looks.read().look;
    const { slices, first } = opened.value;
    slice.value = slices.find((one) => AXES.every((axis, k) => one[axis] === seen.plane?.[k])) ?? first;
    const has = new Set(slices.map((one) => one.channel));
    channels.value = seen.channels.filter((one) => has.has(one.channel));
    if (seen.annotation === undefined) editing.choose(undefined);
    else if (seen.annotation !== editing.chosen.value) void lead(seen.annotation, !seen.position);
  }

  /** What the address says of the slide as it is now. */
  function query(): Query {
    if (!opened.value || !slide.value) return said;
    const { grid, first } = opened.value;
    const [plane, chosen] = [slice.value, editing.chosen.value];
    return toAddress(
      {
        position: slide.value.position(),
        hidden: hidden.value,
        annotation: typeof chosen === "number" ? chosen : undefined,
        plane: plane && plane.id !== first?.id ? [plane.channel, plane.zStack, plane.time] : undefined,
        look: look.value,
        channels: channels.value,
      },
      grid.height,
    );
  }

  /** Chooses an annotation, wherever it lies, and moves to it, unless somebody wishes for another meanwhile. */
  const lead = (id: number, moves = true, isLast = beginWish()) =>
    editing.act(async () => {
      const found = await readAnnotation(id);
      if (!isLast()) return;
      if (found?.image !== image) return hooks.problem(t("viewer.gone", { id }));
      slice.value = opened.value?.slices.find((one) => one.id === found.slice) ?? slice.value;
      if (!editing.saving.of(id)) store.put(shapeOf(id, found.location, found.term, hidden.value.drawn));
      editing.choose(id);
      const shape = store.get(id);
      if (moves && shape) slide.value?.lookAt(shape.box);
    });

  /** Keeps the chosen shape for another slide. */
  function copy(): void {
    const [shape, position] = [hand.shape(), slide.value?.position()];
    if (!shape || !position) return;
    clipboard.put({ image, location: shape.location, terms: [...shape.terms], slide: extent(), position });
    hooks.news(t("viewer.copied"));
  }

  function paste(): void {
    const [copied, now] = [clipboard.get(), slide.value];
    if (!copied || !now) return;
    const location = pasted(copied, { image, slide: extent(), position: now.position(), screen: now.screen() });
    const known = new Set(terms.value.map((one) => one.id));
    editing.choose(editing.draw(location, copied.terms.filter((one) => known.has(one))));
  }

  const extent = (): Extent => ({ ...opened.value!.grid, mpp: opened.value!.image.physicalSizeX });

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

  /** Changes how things look, and remembers it. */
  function like(change: Partial<Looks>): void {
    if (change.look) look.value = change.look;
    if (change.shapes) shapeLook.value = change.shapes;
    looks.write({ look: look.value, shapes: shapeLook.value });
  }

  function close(): void {
    news.stop();
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
  watch([slice, channels], ([now, layers]) => now && slide.value?.plane(now, layers.length ? tileQuery(layers) : ""));
  watch([hidden, slice], () => {
    reviewing.again();
    void termCounts.again();
    slide.value?.loader.filter(filter());
  });
  watch(terms, (now) => stage.paint({ colours: new Map(now.map((one) => [one.id, one.color])) }), { flush: "sync" });
  watch(look, (now) => slide.value?.picture(now));
  watch(shapeLook, ({ opacity, ...paint }) => stage.paint(paint, opacity));
  watch([hidden, slice, channels, look, isFlipped, editing.chosen], hooks.changed);
  watch([() => editing.saving.waiting.size, editing.busy], ([waiting, busy]) => waiting || busy || news.edition.value++);
  watch(news.edition, () => slide.value?.loader.recount());
  watch(editing.chosen, (id) => typeof id === "number" && reviewing.stand(id).catch((error) => hooks.problem(wordsOf(error))));

  return {
    image,
    title,
    opened,
    slide,
    terms,
    downsample,
    degrees,
    isFlipped,
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
    channels,
    lastNews: news.last,
    editing,
    hand,
    several,
    termCounts,
    recent,
    reviewing,
    edition: news.edition,
    filter,
    drawsNow,
    open,
    close,
    go,
    query,
    lead,
    copy,
    paste,
    like,
    extent,
    /** Where it is looked at; undefined until it is here. */
    position: () => slide.value?.position(),
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
      if (now) slide.value?.moveTo({ downsample: downsampleFor(stepped(now, by), scale())! });
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
