import { expect, test, vi } from "vitest";
import { Refusal, address, ask } from "./client";

function answering(status: number, said: unknown) {
  const fetched = vi.fn(async (_where: string, _how: RequestInit) => new Response(JSON.stringify(said), { status }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

test("ids stand in the path, words and filters in the query; what is undefined is not said", async () => {
  const fetched = answering(200, { collection: [], size: 0 });
  const query = { max: 5, sort: undefined, name: { ilike: "a&b" } };
  await ask("GET", "/api/project/{id}/imageinstance.json", { path: { id: 7 }, query });
  const asked = new URL(fetched.mock.calls[0][0]);
  expect(asked.pathname).toBe("/api/project/7/imageinstance.json");
  expect([...asked.searchParams]).toEqual([["max", "5"], ["name[ilike]", "a&b"]]);
});

test("an id never reaches beyond its place in the path", () => {
  const path = { id: "../../admin?x=1", format: "png" };
  expect(new URL(address("/api/imageinstance/{id}/thumb.{format}", { path })).pathname).toBe("/api/imageinstance/..%2F..%2Fadmin%3Fx%3D1/thumb.png");
});

test("a body goes as JSON, beside the headers that were given", async () => {
  const fetched = answering(200, {});
  await ask("PUT", "/api/term/{id}.json", { path: { id: 3 }, body: { name: "tumour" }, headers: { "If-Match": '"2"' } });
  const [, { method, body, headers }] = fetched.mock.calls[0];
  expect([method, body]).toEqual(["PUT", '{"name":"tumour"}']);
  expect(headers).toMatchObject({ "Content-Type": "application/json", "If-Match": '"2"' });
});

test("what the server refuses is told in its words", async () => {
  answering(403, { errors: "No." });
  const refused = await ask("GET", "/api/project.json").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refusal);
  expect(refused).toMatchObject({ status: 403, message: "No.", isSignedOut: false });
});
