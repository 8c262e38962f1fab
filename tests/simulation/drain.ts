/**
 * Waiting until everybody has everything.
 *
 * @module
 */
import type { SimWorld } from "./sim_world.ts";

/** Steps between two looks at a mailbox, and looks until nothing may wait in it. */
const LOOK_STEPS = 100;
const LOOKS_MAX = 1000;

/**
 * Waits until nothing waits for anybody: a device may be done for a moment only.
 *
 * @param rest lets things happen until something holds
 */
export async function drain(
  world: SimWorld,
  users: readonly string[],
  rest: (until: () => boolean) => Promise<void>,
): Promise<void> {
  for (const user of users) {
    for (let looks = 1;; looks++) {
      let waiting: number | undefined;
      world.newest?.mailboxes?.inspect(user).then((state) => waiting = state?.messages);
      await rest(() => waiting !== undefined);
      if (waiting === 0) break;
      if (looks === LOOKS_MAX) {
        return world.oracle.violated(`${waiting} messages wait for ${user} at the end`);
      }
      let steps = 0;
      await rest(() => ++steps > LOOK_STEPS);
    }
  }
}
