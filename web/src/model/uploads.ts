/** Files on their way to the server, some at a time; what is cut off goes on where it was. */

import { computed, markRaw, reactive } from "vue";
import type { OpenUpload } from "../api/shapes";
import type { Parcel } from "./parcels";

export interface Target {
  /** null: one's own. */
  storage: number | null;
  projects: number[];
}

/** `failed`: it did not arrive, and can go on. `refused`: it is there, and is no slide that can be read. */
export type UploadState = "waiting" | "packing" | "sending" | "paused" | "failed" | "importing" | "done" | "refused";

export interface Upload {
  key: number;
  parcel: Parcel;
  target: Target;
  state: UploadState;
  size: number;
  sent: number;
  /** Which of the server's open uploads it is, once one is begun. */
  id: number | null;
  problem: unknown;
  landed: Landed | null;
}

/** What came of a file that arrived. */
export interface Landed {
  /** Why it was refused; null where it was not. */
  reason: string | null;
  /** The images that projects have of it, by number. */
  images: number[];
}

export interface Sending {
  /** Whether it is whole; false where it was stopped. */
  done: Promise<boolean>;
  stop(): void;
}

/** How the server is spoken to. */
export interface Ways {
  /** The server's open upload that this one goes on with. */
  find(upload: Upload): Promise<number | null>;
  send(upload: Upload, file: Blob): Sending;
  /** Answers once the file has been looked at. */
  follow(id: number): Promise<Landed>;
  giveUp(id: number): Promise<void>;
}

const AT_ONCE = 2;
const ARRIVED: UploadState[] = ["importing", "done", "refused"];
const ON_THE_WAY: UploadState[] = ["packing", "sending"];
export const STOPPED: UploadState[] = ["paused", "failed"];

export function createUploads(ways: Ways, arrived: () => void = () => {}) {
  const uploads = reactive<Upload[]>([]) as Upload[];
  const stops = new Map<number, () => void>();
  /** Of each upload the run that counts: an earlier one may still be packing. */
  const turns = new Map<number, number>();
  let last = 0;

  function add(parcels: Parcel[], target: Target, id: number | null = null): void {
    const begun = { target, id, state: "waiting" as const, size: 0, sent: 0, problem: undefined, landed: null };
    for (const parcel of parcels) uploads.push({ ...begun, key: ++last, parcel: markRaw(parcel) });
    next();
  }

  function next(): void {
    const busy = uploads.filter((one) => ON_THE_WAY.includes(one.state)).length;
    for (const one of uploads.filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - busy))) void run(one);
  }

  /** From the disk to the server; whatever somebody did to it meanwhile holds. */
  async function run(upload: Upload): Promise<void> {
    const turn = (turns.get(upload.key) ?? 0) + 1;
    turns.set(upload.key, turn);
    const goesOn = () => turns.get(upload.key) === turn && ON_THE_WAY.includes(upload.state) && uploads.includes(upload);
    upload.state = "packing";
    upload.problem = undefined;
    try {
      const file = await upload.parcel.open();
      upload.size = file.size;
      upload.id ??= await ways.find(upload);
      if (!goesOn()) return;
      upload.state = "sending";
      const sending = ways.send(upload, file);
      stops.set(upload.key, sending.stop);
      if (!(await sending.done) || !goesOn()) return;
      upload.state = "importing";
      arrived();
      void follow(upload);
    } catch (problem) {
      if (goesOn()) Object.assign(upload, { state: "failed", problem });
    } finally {
      if (turns.get(upload.key) === turn) stops.delete(upload.key);
      next();
    }
  }

  async function follow(upload: Upload): Promise<void> {
    try {
      upload.landed = await ways.follow(upload.id!);
      upload.state = upload.landed.reason === null ? "done" : "refused";
    } catch (problem) {
      Object.assign(upload, { state: "refused", problem });
    }
    arrived();
  }

  function pause(upload: Upload): void {
    if (ARRIVED.includes(upload.state)) return;
    upload.state = "paused";
    stops.get(upload.key)?.();
  }

  function goOn(upload: Upload): void {
    if (!STOPPED.includes(upload.state)) return;
    upload.state = "waiting";
    next();
  }

  /** Forgets it; of what has not arrived the server keeps nothing. */
  async function remove(upload: Upload): Promise<void> {
    const isHere = ARRIVED.includes(upload.state);
    pause(upload);
    uploads.splice(uploads.indexOf(upload), 1);
    next();
    if (!isHere && upload.id !== null) await ways.giveUp(upload.id);
  }

  function clear(): void {
    for (const one of uploads.filter((one) => one.state === "done" || one.state === "refused")) void remove(one);
  }

  /** Whoever sits here now is somebody else. */
  function forget(): void {
    for (const one of uploads) pause(one);
    uploads.splice(0);
  }

  const retry = (may: (problem: unknown) => boolean) => {
    for (const one of uploads) if (one.state === "failed" && may(one.problem)) goOn(one);
  };

  const going = computed(() => uploads.filter((one) => one.state === "waiting" || ON_THE_WAY.includes(one.state)));
  return { uploads, going, add, pause, goOn, remove, clear, forget, retry };
}

export type Uploads = ReturnType<typeof createUploads>;

/** Whether an open upload of the server's is this very file's, for the same place. */
export function isSame(open: OpenUpload, parcel: Parcel, size: number, target: Target): boolean {
  const { filename, modified } = open.metadata;
  if (open.uploadedFile !== null || open.length !== size) return false;
  if (filename !== parcel.name || modified !== String(parcel.modified)) return false;
  return (target.storage === null || open.storage === target.storage) && String(open.projects) === String(target.projects);
}
