/** Two fingers move and zoom the slide, whatever the tool: what the first of them had begun is dropped. */

import type MapBrowserEvent from "ol/MapBrowserEvent";
import Draw, { type Options as DrawOptions } from "ol/interaction/Draw";
import PointerInteraction, { type Options } from "ol/interaction/Pointer";

/** The palm beside a pen is no second finger. */
export function isPinch({ activePointers }: Pick<MapBrowserEvent, "activePointers">): boolean {
  return (activePointers ?? []).filter(({ pointerType }) => pointerType === "touch").length > 1;
}

/** From pointer-down to pointer-up; `drop` forgets what was begun. */
export class OnePointer extends PointerInteraction {
  constructor(
    options: Options,
    private readonly drop: () => void,
  ) {
    super(options);
  }

  override handleEvent(event: MapBrowserEvent): boolean {
    if (!isPinch(event)) return super.handleEvent(event);
    if (this.handlingDownUpSequence) this.drop();
    this.handlingDownUpSequence = false;
    return true;
  }
}

/** Corners that were set before stay; `drags`: all of a shape is one stroke. */
export class OnePointerDraw extends Draw {
  constructor(
    options: DrawOptions,
    private readonly drags: boolean,
  ) {
    super(options);
  }

  override handleEvent(event: MapBrowserEvent<PointerEvent>): boolean {
    if (!isPinch(event)) return super.handleEvent(event);
    if (this.handlingDownUpSequence && this.drags) this.abortDrawing();
    this.handlingDownUpSequence = false;
    return true;
  }
}
