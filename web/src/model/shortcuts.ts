/** Which key does what in the viewer: one table, for the keys and for the page that explains them. */

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Names of actions, with their keys as people read them; `Ctrl` is the command key of a Mac too. */
export const SHORTCUTS = {
  tools: {
    move: ["M"],
    edit: ["V"],
    polygon: ["P"],
    freehand: ["D"],
    rectangle: ["R"],
    ellipse: ["O"],
    line: ["L"],
    point: ["."],
    brush: ["B"],
    eraser: ["E"],
    wand: ["W"],
    split: ["X"],
    measure: ["U"],
  },
  drawing: {
    finish: ["Enter"],
    cancel: ["Escape"],
    takeBack: ["Backspace"],
    narrower: ["["],
    wider: ["]"],
    keepOut: ["Shift+B"],
  },
  shape: {
    undo: ["Ctrl+Z"],
    redo: ["Ctrl+Shift+Z", "Ctrl+Y"],
    remove: ["Delete"],
    askTerm: ["T"],
    duplicate: ["Shift+D"],
    copy: ["Ctrl+C"],
    paste: ["Ctrl+V"],
    fillHoles: ["Shift+F"],
    simplify: ["Shift+S"],
    smooth: ["Shift+R"],
    merge: ["Shift+M"],
    next: ["N"],
    previous: ["Shift+N"],
    accept: ["J"],
    reject: ["K"],
  },
  view: {
    fit: ["0"],
    zoomIn: ["+"],
    zoomOut: ["-"],
    magnify: ["PageUp"],
    reduce: ["PageDown"],
    goTo: ["G"],
    toggleShapes: ["A"],
    toggleFill: ["F"],
    flip: ["H"],
    beside: ["Shift+V"],
    other: ["Y"],
    link: ["Shift+Y"],
    help: ["?"],
  },
  together: {
    comment: ["Shift+C"],
    copyLink: ["Shift+L"],
    snapshot: ["Shift+P"],
  },
} as const;

/** The keys of the crosshair, told in the help beside the table. */
export const CROSSHAIR = { move: "← ↑ ↓ →", moveFinely: "Shift+←", press: "Space" } as const;

type Table = typeof SHORTCUTS;
export type Action = { [G in keyof Table]: keyof Table[G] }[keyof Table];
export const GROUPS = Object.keys(SHORTCUTS) as (keyof Table)[];

const BY_KEY = new Map<string, Action>(
  Object.values(SHORTCUTS).flatMap((group) =>
    Object.entries(group).flatMap(([action, keys]) => keys.map((key: string) => [key.toLowerCase(), action as Action] as const)),
  ),
);

export function actionOf(event: Key): Action | undefined {
  const isLetter = /^[a-z]$/i.test(event.key);
  if (event.altKey && isLetter) return undefined;
  const ctrl = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  // Signs stand on other keys in other countries: whether Shift makes them does not matter.
  const shift = event.shiftKey && (isLetter || event.key === "Delete") ? "shift+" : "";
  return BY_KEY.get(`${ctrl}${shift}${event.key.toLowerCase()}`);
}

/** The small letter or digit that was pressed, with nothing held; undefined for other keys. */
export function signOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Key): string | undefined {
  return /^[a-z0-9]$/i.test(key) && !ctrlKey && !metaKey && !altKey && !shiftKey ? key.toLowerCase() : undefined;
}

/** What can be the key of a term: the viewer does nothing else at it. */
export const FREE_SIGNS = [..."abcdefghijklmnopqrstuvwxyz123456789"].filter((sign) => !BY_KEY.has(sign));

const TERM_KEYS = `1 … 9, ${FREE_SIGNS[0].toUpperCase()} …`;
const ARROWS = "↑ ↓ ← →";

/** What is no single key, or is held: told in the help beside the table. */
export const MORE = {
  tools: {},
  drawing: { Shift: "adds", Ctrl: "cuts", "Ctrl+Shift": "keepsCommon", "Shift+Alt": "excludes", "Ctrl+Alt": "splits", Alt: "erases" },
  shape: { [TERM_KEYS]: "digits", Shift: "choosesMore" },
  view: { [ARROWS]: "nudges", [`Shift+${ARROWS}`]: "movesHalf", Space: "pans" },
  together: {},
} as const;

const NUDGE = 0.1;
const WAYS = new Map([["ArrowLeft", [-1, 0]], ["ArrowRight", [1, 0]], ["ArrowUp", [0, -1]], ["ArrowDown", [0, 1]]]);

/** Which way an arrow leads, in parts of a screen; undefined for other keys. */
export function arrowOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Key): [right: number, down: number] | undefined {
  const way = WAYS.get(key);
  if (!way || ctrlKey || metaKey || altKey) return undefined;
  const far = shiftKey ? 0.5 : NUDGE;
  return [far * way[0], far * way[1]];
}
