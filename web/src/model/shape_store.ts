/** The shapes that the browser holds: what the server listed cell by cell, and what was drawn here. */

import RBush from "rbush";
import type { Annotation } from "../api/shapes";
import { boxOfCell } from "./cells";
import type { Point } from "./frame";
import { type Box, type Shape, type ShapeId, grown, isAt, isLarge, sizeOf, touch } from "./shape";

class Tree extends RBush<Shape> {
  toBBox({ box }: Shape) {
    return { minX: box[0], minY: box[1], maxX: box[2], maxY: box[3] };
  }
  compareMinX(one: Shape, other: Shape) {
    return one.box[0] - other.box[0];
  }
  compareMinY(one: Shape, other: Shape) {
    return one.box[1] - other.box[1];
  }
}

export function createShapeStore() {
  const tree = new Tree();
  const shapes = new Map<ShapeId, Shape>();
  /** Which shapes each cell listed; and in how many cells each shape is. */
  const cells = new Map<string, ShapeId[]>();
  /** The cells among them that need not be asked for again. */
  const known = new Set<string>();
  const held = new Map<ShapeId, number>();
  /** Put here by hand, and in no cell yet. */
  const homeless = new Set<ShapeId>();
  /** When a shape was last changed here: a listing that was asked for earlier may not know it. */
  const touched = new Map<ShapeId, number>();
  /** Changed here, and not saved yet: no listing knows better. */
  const pinned = new Set<ShapeId>();
  let clock = 0;
  let tell: (changed: Box[]) => void = () => {};

  function put(shape: Shape): Box[] {
    const before = shapes.get(shape.id);
    if (before) tree.remove(before);
    tree.insert(shape);
    shapes.set(shape.id, shape);
    if (!held.has(shape.id)) homeless.add(shape.id);
    return before ? [before.box, shape.box] : [shape.box];
  }

  function take(id: ShapeId): Box[] {
    const before = shapes.get(id);
    if (!before) return [];
    tree.remove(before);
    shapes.delete(id);
    homeless.delete(id);
    return [before.box];
  }

  function letGo(ids: ShapeId[]): Box[] {
    const gone = ids.filter((id) => {
      const left = (held.get(id) ?? 1) - 1;
      if (left > 0) held.set(id, left);
      else held.delete(id);
      return left <= 0;
    });
    return gone.flatMap(take);
  }

  /** What one cell holds, as it was listed for a question that was asked at `asked` (a time of `now`); `of`: what it would list. */
  function list(key: string, found: Shape[], asked: number, of = ({ box }: Shape) => touch(box, boxOfCell(key))): void {
    // The server does not know of what has no number yet.
    const isLate = (id: ShapeId) => typeof id === "string" || pinned.has(id) || (touched.get(id) ?? 0) > asked;
    const sure = found.filter((one) => !isLate(one.id));
    const before = cells.get(key) ?? [];
    const ids = [...sure.map((one) => one.id), ...before.filter(isLate)];
    for (const id of ids) {
      held.set(id, (held.get(id) ?? 0) + 1);
      homeless.delete(id);
    }
    const gone = [...homeless].filter((id) => !isLate(id) && of(shapes.get(id)!));
    cells.set(key, ids);
    known.add(key);
    const fresh = sure.filter((one) => !shapes.has(one.id));
    const changed = sure.filter((one) => shapes.has(one.id) && shapes.get(one.id) !== one).flatMap(put);
    tree.load(fresh);
    for (const one of fresh) shapes.set(one.id, one);
    changed.push(...fresh.map((one) => one.box), ...letGo(before), ...gone.flatMap(take));
    if (changed.length) tell(changed);
  }

  return {
    list,
    pinned,
    get: (id: ShapeId) => shapes.get(id),
    get size() {
      return shapes.size;
    },
    now: () => clock,
    knows: (key: string) => known.has(key),
    /** The shape that is here, if it is just as it was listed. */
    same(one: Annotation): Shape | undefined {
      const here = shapes.get(one.id);
      return here && here.location === one.location && isSame(here.terms, one.term) ? here : undefined;
    },
    touching: ([minX, minY, maxX, maxY]: Box) => tree.search({ minX, minY, maxX, maxY }),
    /** The smallest shape there, of those that are so large at least: the larger one can be met elsewhere. */
    at(point: Point, near: number, least = 0): Shape | undefined {
      const [minX, minY, maxX, maxY] = grown([...point, ...point], near);
      const found = tree.search({ minX, minY, maxX, maxY }).filter((one) => isLarge(one, least) && isAt(one, point, near));
      return found.sort((one, other) => sizeOf(one) - sizeOf(other))[0];
    },
    /** Drawn or changed here. */
    put(shape: Shape): void {
      touched.set(shape.id, ++clock);
      tell(put(shape));
    },
    remove(id: ShapeId): void {
      touched.set(id, ++clock);
      tell(take(id));
    },
    /** All that was listed is to be asked for again; it stays until then. */
    doubt(): void {
      known.clear();
    },
    /** Forgets what is in doubt, and what lies in no cell that touches `but`. */
    forget(but?: Box): void {
      const keys = [...cells.keys()].filter((key) => !known.has(key) || (but && !touch(but, boxOfCell(key))));
      const gone = keys.flatMap((key) => letGo(cells.get(key)!));
      for (const key of keys) {
        cells.delete(key);
        known.delete(key);
      }
      if (gone.length) tell(gone);
    },
    whenChanged(act: (changed: Box[]) => void): void {
      tell = act;
    },
  };
}

export type ShapeStore = ReturnType<typeof createShapeStore>;

function isSame(some: number[], others: number[]): boolean {
  return some.length === others.length && some.every((one, k) => one === others[k]);
}
