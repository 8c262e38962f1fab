/**
 * A directory that breaks a promise, for the negative controls of what people are promised.
 *
 * @module
 */
import type { Devices, Revocations, Store } from "../../store/mod.ts";
import type { Fault } from "./fault.ts";

/** The store with a directory that is wrong as the fault says; without one, the store itself. */
export function withFaultyDirectory(store: Store, { revokeEarlyMs, renewEarlyMs }: Fault): Store {
  if (revokeEarlyMs === undefined && renewEarlyMs === undefined) return store;
  const { mailboxes, users, devices, revocations, sweeper } = store;
  return {
    mailboxes,
    users,
    devices: renewEarlyMs === undefined ? devices : renewingEarly(devices, renewEarlyMs),
    revocations: revokeEarlyMs === undefined ? revocations : revoking(revocations, revokeEarlyMs),
    epoch: store.epoch,
    outbox: store.outbox,
    sweeper,
    listen: (listener) => store.listen(listener),
    probe: () => store.probe(),
    figures: () => store.figures(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Says that tokens are refused some time before that is so. */
function revoking(revocations: Revocations, ms: number): Revocations {
  return {
    get: (user, tokenId) => revocations.get(user, tokenId),
    revokeUser: (user, before) => later(ms, () => revocations.revokeUser(user, before)),
    revokeToken: (tokenId, until) => later(ms, () => revocations.revokeToken(tokenId, until)),
  };
}

/** Says that a session goes on with its next tokens some time before that is stored. */
function renewingEarly(devices: Devices, ms: number): Devices {
  return {
    list: (user) => devices.list(user),
    get: (user, id) => devices.get(user, id),
    async change(user, id, max, change) {
      const known = await devices.get(user, id);
      const wanted = known === null ? null : change(known);
      const isRenewal = wanted?.session !== undefined && wanted.session.id === known?.session?.id &&
        wanted.session.generation !== known.session.generation;
      if (!isRenewal) return await devices.change(user, id, max, change);
      await later(ms, () => devices.change(user, id, max, change));
      return { kind: "changed", device: wanted };
    },
    remove: (user, device) => devices.remove(user, device),
    unseen: (before, after, limit) => devices.unseen(before, after, limit),
  };
}

/** Does something later, and says now that it is done. */
function later(ms: number, job: () => Promise<unknown>): Promise<void> {
  setTimeout(() => job().catch(() => {}), ms);
  return Promise.resolve();
}
