/**
 * An outbox that forgets whom it owes, for the negative controls of what sleeping devices are
 * promised.
 *
 * @module
 */
import type { Store } from "../../store/mod.ts";
import type { Fault } from "./fault.ts";

/** The store with an outbox that is wrong as the fault says; without one, the store itself. */
export function withFaultyOutbox(store: Store, { unlisted, unowed }: Fault): Store {
  if (unlisted === undefined && unowed === undefined) return store;
  const { mailboxes, users, devices, revocations, outbox, sweeper } = store;
  return {
    mailboxes,
    users,
    devices,
    revocations,
    outbox: {
      look: (user, device) => outbox.look(user, device),
      spoke: (user, device, spoken) => outbox.spoke(user, device, spoken),
      async list(after, limit) {
        const { sleepers, next } = await outbox.list(after, limit);
        return { sleepers: sleepers.filter(({ user }) => !begins(user, unlisted)), next };
      },
    },
    sweeper,
    epoch: store.epoch,
    probe: () => store.probe(),
    figures: () => store.figures(),
    listen: (listener) =>
      store.listen({
        committed: (news) => listener.committed(news),
        owed(sleeper, cause) {
          if (!begins(sleeper.user, unowed)) listener.owed?.(sleeper, cause);
        },
      }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function begins(user: string, start: string | undefined): boolean {
  return start !== undefined && user.startsWith(start);
}
