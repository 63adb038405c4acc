import { expect, test, vi } from "vitest";
import { createFollowing } from "./following";
import type { Place } from "./position";

const at = (x: number, downsample = 1): Place => ({ centre: [x, 0], downsample, degrees: 0 });

function around() {
  const now = { theirs: at(100) as Place | undefined, mine: at(0), isHeld: false };
  const ended = vi.fn();
  const go = vi.fn(async (there: Place) => {
    if (!now.isHeld) now.mine = there;
    return !now.isHeld;
  });
  return { now, ended, go, following: createFollowing({ read: async () => now.theirs, here: () => now.mine, go, ended }) };
}

test("the view goes where theirs goes, and rests while theirs does", async () => {
  const { now, go, ended, following } = around();
  await following.follow(2);
  expect(now.mine).toEqual(at(100));
  await following.step();
  expect(go).toHaveBeenCalledTimes(1);
  now.theirs = at(300, 4);
  await following.step();
  expect(now.mine).toEqual(at(300, 4));
  expect(ended).not.toHaveBeenCalled();
});

test("whoever moves by themself follows no longer", async () => {
  const { now, go, ended, following } = around();
  await following.follow(2);
  now.mine = at(150);
  now.theirs = at(200);
  await following.step();
  expect(ended).toHaveBeenCalledWith(false);
  await following.step();
  expect([now.mine, go.mock.calls.length]).toEqual([at(150), 1]);
});

test("whoever takes hold of the view on its way follows no longer", async () => {
  const { now, ended, following } = around();
  now.isHeld = true;
  await following.follow(2);
  expect(ended).toHaveBeenCalledWith(false);
});

test("a view that may not go all the way is not taken for moved", async () => {
  const { now, go, ended, following } = around();
  go.mockImplementation(async () => {
    now.mine = at(90);
    return true;
  });
  await following.follow(2);
  await following.step();
  expect(ended).not.toHaveBeenCalled();
  expect(go).toHaveBeenCalledTimes(1);
});

test("when they have gone it is over, and said so", async () => {
  const { now, ended, following } = around();
  await following.follow(2);
  now.theirs = undefined;
  await following.step();
  expect(ended).toHaveBeenCalledWith(true);
});
