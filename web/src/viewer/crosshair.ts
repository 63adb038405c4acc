/** A pointer that is moved with the arrow keys: whatever the mouse draws, the keyboard draws with it. */

import "./crosshair.css";
import type { Pen, Tool } from "./drawing";
import type { SlideMap } from "./slide_map";

const STEP_PX = 16;
const FINE_PX = 1;
/** So near to its edge the slide moves, not the crosshair. */
const EDGE_PX = 48;
const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** With these one presses, moves and lets go; with the others one sets corner after corner. */
const DRAGGED: readonly Tool[] = ["edit", "freehand", "rectangle", "ellipse", "brush", "eraser"];
const POINTER = { pointerId: 0x6b657973, pointerType: "mouse", isPrimary: true, bubbles: true, cancelable: true };

/** The pen, which the crosshair holds as well. */
export function withCrosshair({ map, shift }: SlideMap, pen: Pen): Pen {
  const target = map.getTargetElement()!;
  const mark = document.createElement("div");
  mark.className = "crosshair";
  mark.hidden = true;
  target.append(mark);
  let tool: Tool = "move";
  /** From the middle of the map, in pixels of the screen. */
  let place = [0, 0];
  let isDown = false;

  function tell(type: "pointerdown" | "pointermove" | "pointerup", held?: KeyboardEvent): void {
    const box = target.getBoundingClientRect();
    const [clientX, clientY] = [box.left + box.width / 2 + place[0], box.top + box.height / 2 + place[1]];
    const { shiftKey = false, ctrlKey = false, metaKey = false, altKey = false } = held ?? {};
    const button = type === "pointermove" ? -1 : 0;
    const event = { ...POINTER, clientX, clientY, button, buttons: isDown ? 1 : 0, shiftKey, ctrlKey, metaKey, altKey };
    map.getViewport()!.dispatchEvent(new PointerEvent(type, event));
  }

  function press(held: KeyboardEvent): void {
    tell("pointermove", held);
    isDown = true;
    tell("pointerdown", held);
  }

  function release(held?: KeyboardEvent): void {
    if (!isDown) return;
    isDown = false;
    tell("pointerup", held);
  }

  function show(): void {
    mark.hidden = false;
    mark.style.translate = `${place[0]}px ${place[1]}px`;
  }

  function step([right, down]: readonly [number, number], isFine: boolean): void {
    const by = isFine ? FINE_PX : STEP_PX;
    const room = [target.clientWidth, target.clientHeight].map((side) => Math.max(side / 2 - EDGE_PX, 0));
    const wanted = [place[0] + right * by, place[1] + down * by];
    place = wanted.map((at, axis) => Math.min(room[axis], Math.max(-room[axis], at)));
    const [beyond, below] = [wanted[0] - place[0], wanted[1] - place[1]];
    if (beyond || below) {
      shift(beyond, below);
      map.renderSync();
    }
    show();
    tell("pointermove");
  }

  function set(event: KeyboardEvent): void {
    show();
    const wasDown = isDown;
    if (!wasDown) press(event);
    if (wasDown || !DRAGGED.includes(tool)) release(event);
  }

  function onKey(event: KeyboardEvent): void {
    // The button of the overview lies within.
    if (event.target !== target) return;
    const way = STEPS[event.key];
    // Who has the mouse in hand moves the slide with these keys (panning.ts).
    if (mark.hidden) return;
    if (way && (tool === "move" || event.ctrlKey || event.metaKey || event.altKey)) return show();
    if (way) step(way, event.shiftKey);
    else if (event.key !== " ") return;
    else if (!event.repeat) set(event);
    event.preventDefault();
    // The slide moves at the arrows and Space too.
    event.stopImmediatePropagation();
  }

  target.addEventListener("keydown", onKey, { capture: true });
  target.addEventListener("focus", () => target.matches(":focus-visible") && show());
  target.addEventListener("blur", () => {
    release();
    mark.hidden = true;
  });
  target.addEventListener("pointermove", ({ isTrusted }) => isTrusted && (mark.hidden = true));

  function use(now: Tool): void {
    pen.use(now);
    // Only now: what was being drawn is gone, and is not ended by this.
    release();
    tool = now;
    if (tool === "move") place = [0, 0];
    if (!mark.hidden) show();
  }

  return {
    ...pen,
    use,
    finish() {
      if (isDown) release();
      else pen.finish();
    },
    cancel() {
      if (isDown) use(tool);
      pen.cancel();
    },
  };
}
