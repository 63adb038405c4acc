/** Says what one opens: the project's activity counts it. Nothing hangs on it, so a failure is passed over. */

import { ask } from "../api/client";

const tell = (path: string, body: object): void => void ask("POST", path, body).catch(() => {});

export const tellProject = (id: string): void => tell(`api/project/${id}/userconnection.json`, {});
export const tellImage = (id: number): void => tell(`api/imageinstance/${id}/consultation.json`, { mode: "view" });
