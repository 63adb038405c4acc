/** Sends one file in pieces (tus): cut off, it goes on by itself for a while, and later where it was. */

import type { DetailedError, Upload as TusUpload } from "tus-js-client";
import { Refusal, base, headers, refusalOf } from "./client";

/** A piece is asked for as whoever is signed in: a session that is used does not end. */
const PIECE = 32 << 20;
/** Not at once: the server has to notice first that the line is dead, and writes down what came. */
const TRY_AGAIN_MS = [500, 1000, 2000, 3000, 5000];
const UPLOADS = new URL("api/atrisys/uploads", base).href;

export interface Piecewise {
  file: Blob;
  metadata: Record<string, string>;
  /** The upload that is gone on with; null: a new one. */
  id: number | null;
  begun(id: number): void;
  sent(bytes: number): void;
}

/** `done` answers whether all has arrived; false where it was stopped. */
export function sendPiecewise({ file, metadata, id, begun, sent }: Piecewise) {
  let upload: TusUpload | undefined;
  let stopped = false;
  let stop = () => {};
  const done = new Promise<boolean>((resolve, reject) => {
    stop = () => {
      stopped = true;
      void upload?.abort();
      resolve(false);
    };
    void import("tus-js-client").then(({ Upload }) => {
      if (stopped) return;
      upload = new Upload(file, {
        endpoint: UPLOADS,
        uploadUrl: id === null ? null : `${UPLOADS}/${id}`,
        chunkSize: PIECE,
        retryDelays: TRY_AGAIN_MS,
        // The server knows what was begun, in whichever browser.
        storeFingerprintForResuming: false,
        metadata,
        headers: headers(),
        onProgress: sent,
        onUploadUrlAvailable: () => {
          const number = Number(/\d+$/.exec(upload!.url!)![0]);
          // As this page reaches the server, whatever address the server says it has.
          upload!.url = `${UPLOADS}/${number}`;
          begun(number);
        },
        onSuccess: () => resolve(true),
        onError: (error) => reject(told(error)),
      });
      upload.start();
    }, reject);
  });
  return { done, stop };
}

function told(error: Error | DetailedError): Refusal {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  if (!answer) return new Refusal("", 0);
  let said: unknown;
  try {
    said = JSON.parse(answer.getBody());
  } catch {
    said = undefined;
  }
  return refusalOf(answer.getStatus(), said);
}
