/** Asks the server. Its own description says which paths there are, what each takes and what it answers (schema.ts). */

import type { components, paths } from "./schema";

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

// --- what can be asked -----------------------------------------------------------------------------------------------

type Method = "GET" | "POST" | "PUT" | "DELETE";
type Operation<M extends Method, P extends keyof paths> = paths[P][Lowercase<M> & keyof paths[P]];

/** The paths that know a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: Operation<M, P> extends { responses: object } ? P : never;
}[keyof paths];

type Ids<O> = O extends { parameters: { path: infer I } } ? { [K in keyof I]: string | number } : never;
/** What stands in an address is text: a number does where one is asked for, and a filter has parts (`name[ilike]`). */
type Query<O> = O extends { parameters: { query?: infer Q } } ? { [K in keyof Q]: string extends Q[K] ? Q[K] | number : Q[K] } : never;
type Body<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? Exclude<B, unknown[]> : never;
/** To one object: an array of them is never sent. */
type AnswerTo<O> = O extends { responses: { 200: { content: { "application/json": infer A } } } }
  ? Exclude<A, components["schemas"]["Several"]>
  : void;

interface Beside {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

type Place<O> = [Ids<O>] extends [never] ? unknown : { path: Ids<O> };
type Said<O> = Beside & Place<O> & { query?: Query<O> } & ([Body<O>] extends [never] ? unknown : { body: Body<O> });
type IfAny<S> = object extends S ? [said?: S] : [said: S];

export type Answer<M extends Method, P extends keyof paths> = AnswerTo<Operation<M, P>>;
export type QueryOf<P extends keyof paths> = Query<Operation<"GET", P>>;

/** The paths of lists, and what stands in a list. */
export type ListPath = { [P in PathOf<"GET">]: Answer<"GET", P> extends { collection: unknown[]; size: number } ? P : never }[PathOf<"GET">];
export type RowOf<P extends ListPath> = Answer<"GET", P> extends { collection: (infer R)[] } ? R : never;
export type Listing<R> = { collection: R[]; size: number };
/** What the path of a list holds beside its words: nothing, or ids. */
export type PlaceOf<P extends keyof paths> = Place<Operation<"GET", P>>;

// --- asking ----------------------------------------------------------------------------------------------------------

interface Anything extends Beside {
  path?: Record<string, string | number>;
  query?: object;
  body?: unknown;
}

export function ask<M extends Method, P extends PathOf<M>>(method: M, path: P, ...[said]: IfAny<Said<Operation<M, P>>>): Promise<Answer<M, P>> {
  return send(method, path, said ?? {}) as Promise<Answer<M, P>>;
}

/** Where a picture or a file is. */
export function address<P extends PathOf<"GET">>(path: P, ...[said]: IfAny<PlaceOf<P> & { query?: QueryOf<P> }>): string {
  return addressOf(path, said ?? {});
}

function addressOf(path: string, { path: ids = {}, query = {} }: Anything): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name]));
  const words = written(query);
  return new URL(`${filled.slice(1)}${words && "?"}${words}`, base).href;
}

/** `{name: {ilike: "a"}}` is `name[ilike]=a`; what is undefined is not said. */
function written(query: object): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (typeof value === "object" && value !== null) {
      for (const [part, one] of Object.entries(value)) said.append(`${name}[${part}]`, String(one));
    } else said.append(name, String(value));
  }
  return said.toString();
}

/** For an `Idempotency-Key`: what is sent again under the same is done once. */
export const newKey = (): string => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/** The server's own page about its API. */
export const docs = new URL("api/docs", base).href;

async function send(method: Method, path: string, said: Anything): Promise<unknown> {
  const { body, signal } = said;
  let answer: Response;
  try {
    answer = await fetch(addressOf(path, said), {
      method,
      headers: { ...headers(), ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...said.headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal("", 0);
  }
  if (!answer.ok) throw refusalOf(answer.status, await answer.json().catch(() => undefined), path === SESSION);
  return answer.json().catch(nothing);
}

/** An answer without a body has nothing to tell; one that was given up is no answer. */
function nothing(error: unknown): undefined {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  return undefined;
}

export const SESSION = "/api/atrisys/session.json";
