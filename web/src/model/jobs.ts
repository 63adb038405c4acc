/** Which jobs go on by themselves, and which can be begun anew. */

import type { Job } from "../api/shapes";

export const JOB_STATES = ["waiting", "running", "cancelling", "done", "failed", "cancelled"] as const;
const GOES_ON: Job["state"][] = ["waiting", "running", "cancelling"];

export const goesOn = (job: Job) => GOES_ON.includes(job.state);
export const mayBeCancelled = (job: Job) => job.state === "waiting" || job.state === "running";
export const mayBeRetried = (job: Job) => job.state === "failed" || job.state === "cancelled";
