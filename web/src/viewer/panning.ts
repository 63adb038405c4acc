/** The slide is moved: by dragging where no tool takes that; with Space held or the middle button whatever the tool; by keys. */

import Kinetic from "ol/Kinetic";
import { noModifierKeys, primaryAction } from "ol/events/condition";
import DragPan from "ol/interaction/DragPan";
import { isPinch } from "./fingers";
import { keysGoTo } from "./focus";
import type { SlideMap } from "./slide_map";

const MIDDLE = 1;
/** Who rests so long before letting go does not throw the slide. */
const STILL_MS = 100;

export interface Panning {
  /** Whether Space is held: nothing is drawn meanwhile. */
  isHeld(): boolean;
  /** By parts of the screen's own width and height. */
  step(right: number, down: number): void;
  stop(): void;
}

export function createPanning({ map, shift, screen }: SlideMap): Panning {
  let isHeld = false;
  const viewport = map.getViewport()!;
  map.addInteraction(
    new DragPan({
      condition: (event) => isHeld || (event.originalEvent as PointerEvent).button === MIDDLE || isPinch(event) || (noModifierKeys(event) && primaryAction(event)),
      kinetic: new Kinetic(-0.005, 0.05, STILL_MS),
    }),
  );

  function hold(on: boolean): void {
    isHeld = on;
    viewport.style.cursor = on ? "grab" : "";
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== " " || !keysGoTo("slide", event)) return;
    event.preventDefault();
    hold(true);
  }

  function onKeyUp({ key }: KeyboardEvent): void {
    if (key === " ") hold(false);
  }

  /** The middle button would scroll the page by itself. */
  function onMouseDown(event: MouseEvent): void {
    if (event.button === MIDDLE) event.preventDefault();
  }

  const letGo = () => hold(false);
  addEventListener("keydown", onKeyDown);
  addEventListener("keyup", onKeyUp);
  addEventListener("blur", letGo);
  viewport.addEventListener("mousedown", onMouseDown);

  return {
    isHeld: () => isHeld,
    step(right, down) {
      const [width, height] = screen();
      shift(right * width, down * height);
    },
    stop() {
      removeEventListener("keydown", onKeyDown);
      removeEventListener("keyup", onKeyUp);
      removeEventListener("blur", letGo);
    },
  };
}
