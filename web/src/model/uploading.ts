/** The uploads of this browser's page: they go on while somebody looks at other pages. */

import { ref, watch } from "vue";
import { Refusal, ask } from "../api/client";
import type { Job, OpenUpload } from "../api/shapes";
import { sendPiecewise } from "../api/tus";
import { goesOn } from "./jobs";
import { user } from "./session";
import { type Landed, type Target, type Ways, createUploads, isSame } from "./uploads";

const LOOK_AGAIN_MS = 1000;

/** Counts what has arrived: lists of files and images are read anew when it changes. */
export const arrivals = ref(0);

export async function openUploads(): Promise<OpenUpload[]> {
  const all = await ask("GET", "/api/atrisys/uploads.json");
  return all.collection.filter((one) => one.uploadedFile === null);
}

export const giveUp = (id: number) => ask("DELETE", "/api/atrisys/uploads/{id}", { path: { id } });

const ways: Ways = {
  async find({ parcel, size, target }) {
    const taken = new Set(uploading.uploads.map((one) => one.id));
    return (await openUploads()).find((one) => !taken.has(one.id) && isSame(one, parcel, size, target))?.id ?? null;
  },
  send: (upload, file) =>
    sendPiecewise({
      file,
      metadata: {
        filename: upload.parcel.name,
        modified: String(upload.parcel.modified),
        ...(upload.parcel.packed ? { packed: "true" } : {}),
        ...said(upload.target),
      },
      id: upload.id,
      begun: (id) => (upload.id = id),
      sent: (bytes) => (upload.sent = bytes),
    }),
  async follow(id) {
    const { job } = await patiently(() => ask("GET", "/api/atrisys/uploads/{id}.json", { path: { id } }));
    const look = () => ask("GET", "/api/atrisys/job/{id}.json", { path: { id: job! } });
    let now = await patiently(look);
    while (goesOn(now)) {
      await pause();
      now = await patiently(look);
    }
    return landed(now);
  },
  giveUp,
};

function said({ storage, projects }: Target): Record<string, string> {
  return { ...(storage === null ? {} : { storage: String(storage) }), ...(projects.length ? { projects: projects.join() } : {}) };
}

function landed({ state, message, result }: Job): Landed {
  const images = result?.images ?? [];
  const wrong = images.find((one) => one.error)?.error ?? null;
  const count = images.flatMap((one) => one.imageInstances);
  return { reason: state === "done" ? wrong : message, images: count };
}

/** The file is there: a server that is away for a while is no reason to stop asking. */
async function patiently<T>(question: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 0)) throw error;
    }
    await pause();
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));

export const uploading = createUploads(ways, () => (arrivals.value += 1));

// Signed out by the server, the same person may come back and go on; somebody else begins with nothing.
let owner: number | undefined;
watch(
  () => user.value?.id,
  (now) => {
    if (now === undefined) return;
    if (owner !== undefined && owner !== now) uploading.forget();
    owner = now;
  },
  { immediate: true },
);
