/** Questions of which only the last one counts: an earlier answer that comes late is passed over. */

/** Each call begins a turn, and answers how to learn whether it is still the last one. */
export function createTurns(): () => () => boolean {
  let last = 0;
  return () => {
    const turn = ++last;
    return () => turn === last;
  };
}
