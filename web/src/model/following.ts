/** Moving as somebody else does, until one moves oneself. */

import type { Place } from "./position";

export interface Around {
  /** Where they look now; undefined: they went, or show it no longer. */
  read(user: number): Promise<Place | undefined>;
  /** Where one looks oneself. */
  here(): Place;
  /** Goes there; answers whether nobody took hold of the view meanwhile. */
  go(there: Place): Promise<boolean>;
  /** It is over; `left`: because they went. */
  ended(left: boolean): void;
}

/** As near as two numbers are that went through a view and back. */
const isSame = (one: Place, other: Place) =>
  Math.hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1]) < one.downsample &&
  Math.abs(Math.log(one.downsample / other.downsample)) < 0.01 &&
  Math.abs(Math.sin(((one.degrees - other.degrees) * Math.PI) / 360)) < 0.005;

export function createFollowing({ read, here, go, ended }: Around) {
  let followed: number | undefined;
  /** Where the view came to stand; whoever finds it elsewhere has moved it. */
  let left: Place | undefined;
  let goal: Place | undefined;

  function stop(hasLeft = false): void {
    if (followed === undefined) return;
    followed = left = goal = undefined;
    ended(hasLeft);
  }

  /** To be called again and again. */
  async function step(): Promise<void> {
    const user = followed;
    if (user === undefined) return;
    if (left && !isSame(left, here())) return stop();
    const there = await read(user);
    if (followed !== user) return;
    if (!there) return stop(true);
    if (left && !isSame(left, here())) return stop();
    if (goal && isSame(goal, there)) return;
    goal = there;
    const arrived = await go(there);
    if (followed !== user) return;
    if (!arrived) return stop();
    left = here();
  }

  return {
    follow(user: number): Promise<void> {
      followed = user;
      left = goal = undefined;
      return step();
    },
    stop,
    step,
  };
}
