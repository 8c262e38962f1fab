/**
 * Mailboxes that break a promise, for the negative controls: a checker that does not see it is
 * worth nothing.
 *
 * @module
 */
import type { Mailboxes, Store } from "../../store/mod.ts";
import type { Fault } from "./fault.ts";

/** The store with mailboxes that are wrong as the fault says; without one, the store itself. */
export function withFaultyMailboxes(store: Store, fault: Fault): Store {
  const { acceptEarlyMs, skip } = fault;
  if (acceptEarlyMs === undefined && skip === undefined) return store;
  const { mailboxes, users, devices, revocations, sweeper } = store;
  const faulty: Mailboxes = {
    append(drafts, options) {
      if (acceptEarlyMs === undefined) return mailboxes.append(drafts, options);
      setTimeout(() => mailboxes.append(drafts, options).catch(() => {}), acceptEarlyMs);
      return Promise.resolve(drafts.map(() => ({ kind: "accepted" as const })));
    },
    attach: (user, device, start) => mailboxes.attach(user, device, start),
    detach: (user, device, sent) => mailboxes.detach(user, device, sent),
    read: (user, device, after, limit) => mailboxes.read(user, device, after, limit),
    acknowledge: (user, device, upTo) => mailboxes.acknowledge(user, device, upTo + (skip ?? 0)),
    setAside: (user, device, entry) => mailboxes.setAside(user, device, entry),
    readAside: (user, after, limit) => mailboxes.readAside(user, after, limit),
    inspect: (user) => mailboxes.inspect(user),
    forget: (user, device) => mailboxes.forget(user, device),
  };
  return {
    mailboxes: faulty,
    users,
    devices,
    revocations,
    epoch: store.epoch,
    outbox: store.outbox,
    sweeper,
    probe: () => store.probe(),
    figures: () => store.figures(),
    listen: (listener) => store.listen(listener),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
