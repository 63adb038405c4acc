/** Asks the server; every answer is its JSON, or a Refusal with what the server said. */

export const base = new URL(typeof document === "undefined" ? "http://localhost/" : document.baseURI);

export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** The session ended: whoever asks must sign in again. */
    readonly isSignedOut = false,
  ) {
    super(message);
  }
}

let language = "en";
let signedOut: () => void = () => {};

/** The language in which the server says what is wrong. */
export function speak(code: string): void {
  language = code;
}

/** What to do when the server no longer knows who asks. */
export function whenSignedOut(act: () => void): void {
  signedOut = act;
}

export function address(path: string): string {
  return new URL(path, base).href;
}

/** What every question says of the page that asks. */
export function headers(): Record<string, string> {
  return { "Accept-Language": language, "X-Requested-With": "atrisys" };
}

/** What the server said when it did not do something; whoever is no longer signed in is led to the door. */
export function refusalOf(status: number, said: unknown, isAtTheDoor = false): Refusal {
  const ended = status === 401 && !isAtTheDoor;
  if (ended) signedOut();
  const errors = (said as { errors?: unknown } | undefined)?.errors;
  return new Refusal(typeof errors === "string" ? errors : "", status, ended);
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

export async function ask<T>(method: Method, path: string, body?: unknown, more: RequestInit = {}): Promise<T> {
  const sent = { ...headers(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let answer: Response;
  try {
    answer = await fetch(address(path), {
      method,
      headers: { ...sent, ...(more.headers as Record<string, string>) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: more.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal("", 0);
  }
  if (!answer.ok) {
    throw refusalOf(answer.status, await answer.json().catch(() => undefined), path === SESSION);
  }
  return (await answer.json().catch(nothing)) as T;
}

/** An answer without a body has nothing to tell; one that was given up is no answer. */
function nothing(error: unknown): undefined {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  return undefined;
}

export const SESSION = "api/atrisys/session.json";

export interface Listing<T> {
  collection: T[];
  size: number;
}

export function list<T>(path: string, query: Record<string, string | number> = {}, more?: RequestInit) {
  const said = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  return ask<Listing<T>>("GET", `${path}?${said}`, undefined, more);
}
