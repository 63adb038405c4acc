import { expect, test } from "vitest";
import { newPassword } from "./passwords";

test("a new password is long, in groups, and another each time", () => {
  const [one, other] = [newPassword(), newPassword()];
  expect(one).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  expect(one).not.toBe(other);
});

test("no sign is likelier than another", () => {
  let rounds = 0;
  const bytes = () => (rounds++ ? new Uint8Array(20).fill(1) : new Uint8Array(20).fill(255));
  expect(newPassword(bytes)).toBe("bbbbb-bbbbb-bbbbb-bbbbb");
});
