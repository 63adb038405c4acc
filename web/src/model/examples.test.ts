import { expect, test } from "vitest";
import { curlLine, pythonSnippet } from "./examples";

const keys = { publicKey: "public", privateKey: "private" };

test("both examples name this server, sub-path included, and both keys", () => {
  for (const text of [curlLine("https://lab.example/slides", keys), pythonSnippet("https://lab.example/slides", keys)]) {
    expect(text).toContain("https://lab.example/slides");
    expect(text).toContain("public");
    expect(text).toContain("private");
  }
});
