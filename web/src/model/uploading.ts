/** The uploads of this browser's page: they go on while somebody looks at other pages. */

import { ref, watch } from "vue";
import { Refusal, ask, list } from "../api/client";
import type { Job, OpenUpload } from "../api/shapes";
import { sendPiecewise } from "../api/tus";
import { user } from "./session";
import { type Landed, type Target, type Ways, createUploads, isSame } from "./uploads";

const LOOK_AGAIN_MS = 1000;
const OPEN = "api/atrisys/uploads";

interface ImportJob extends Omit<Job, "result"> {
  result: { images: { error: string | null; imageInstances: number[] }[] } | null;
}

/** Counts what has arrived: lists of files and images are read anew when it changes. */
export const arrivals = ref(0);

export async function openUploads(): Promise<OpenUpload[]> {
  const all = await list<OpenUpload>(`${OPEN}.json`, { max: 0 });
  return all.collection.filter((one) => one.uploadedFile === null);
}

export const giveUp = (id: number) => ask<void>("DELETE", `${OPEN}/${id}`);

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
    const { job } = await patiently<OpenUpload>(`${OPEN}/${id}.json`);
    let now = await patiently<ImportJob>(`api/atrisys/job/${job}.json`);
    while (["waiting", "running", "cancelling"].includes(now.state)) {
      await pause();
      now = await patiently<ImportJob>(`api/atrisys/job/${job}.json`);
    }
    return landed(now);
  },
  giveUp,
};

function said({ storage, projects }: Target): Record<string, string> {
  return { ...(storage === null ? {} : { storage: String(storage) }), ...(projects.length ? { projects: projects.join() } : {}) };
}

function landed({ state, message, result }: ImportJob): Landed {
  const images = result?.images ?? [];
  const wrong = images.find((one) => one.error)?.error ?? null;
  const count = images.flatMap((one) => one.imageInstances);
  return { reason: state === "done" ? wrong : message, images: count };
}

/** The file is there: a server that is away for a while is no reason to stop asking. */
async function patiently<T>(path: string): Promise<T> {
  for (;;) {
    try {
      return await ask<T>("GET", path);
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
