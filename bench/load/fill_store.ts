/**
 * Puts messages that wait for offline users into a store, through the ports of the store: a server
 * would take longer and leave the same behind.
 *
 * @module
 */
import { bodyOf } from "../../rpc/message.ts";
import { createUlid } from "../../rpc/mod.ts";
import { systemClock, systemRandom } from "../../server/clock.ts";
import { DataDir } from "../../server/data_dir.ts";
import { openKvStore } from "../../store/kv/mod.ts";
import { pause } from "../harness/process_usage.ts";
import type { Draft, PushAddress, Store, StoreLimits } from "../../store/mod.ts";

/** What to put there. */
export interface Filling {
  readonly messages: number;
  readonly users: number;
  /** Characters of a message. */
  readonly size: number;
  /** Where the device of a user is reached by pushes. @default {nowhere} */
  readonly push?: (index: number) => Omit<PushAddress, "registered">;
}

/** Users that are made at once. */
const USERS_AT_ONCE = 500;

/** Messages of one call, and calls at once, which share commits. */
const CALL_MESSAGES = 50;
const CALLS_AT_ONCE = 64;

/** How often it is looked whether the journal is settled, in milliseconds. */
const SETTLE_LOOK_MS = 100;

/** How long a message may wait: longer than any benchmark takes. */
const TTL_MS = 30 * 24 * 3600 * 1000;

const SENDER = "filler";
const DEVICE = "phone";

/** Room for what is put there. */
const LIMITS: StoreLimits = {
  mailboxMessages: 1e9,
  mailboxBytes: 1e12,
  backlogBytes: 256 * 1024 * 1024,
};

/** Fills the store of a data directory, which no server uses. */
export async function fillStore(dataDir: string, filling: Filling): Promise<void> {
  using directory = await DataDir.open(dataDir);
  const database = await directory.database();
  await using store = await openKvStore(database, {
    clock: systemClock,
    limits: LIMITS,
    owner: { pid: Deno.pid, since: systemClock.now() },
    epoch: "bench",
    lost: () => console.error("The store was lost to another process"),
    failed: (error) => console.error(error),
  });
  await makeUsers(store, filling);
  await append(store, filling);
  // Closing settles for half a second only, and the next start would begin with what is left.
  while (store.figures().unsettledBytes > 0) await pause(SETTLE_LOOK_MS);
}

/** Every user has a device, which has read nothing. */
async function makeUsers(store: Store, { users, push }: Filling): Promise<void> {
  const registered = systemClock.now();
  await store.users.create({ id: SENDER, registered });
  const make = async (index: number) => {
    const id = offlineUser(index);
    await store.users.create({ id, registered });
    const address = push && { push: { ...push(index), registered } };
    const device = { user: id, id: DEVICE, seen: registered, ...address };
    await store.devices.change(id, DEVICE, 1, () => device);
    await store.mailboxes.attach(id, DEVICE, "oldest");
    store.mailboxes.detach(id, DEVICE, 0);
  };
  for (let first = 0; first < users; first += USERS_AT_ONCE) {
    const length = Math.min(USERS_AT_ONCE, users - first);
    await Promise.all(Array.from({ length }, (_, index) => make(first + index)));
  }
}

/** Messages go around all users, as they come in a day, and not user by user. */
async function append(store: Store, { messages, users, size }: Filling): Promise<void> {
  const newId = createUlid(systemClock.now, systemRandom);
  const message = "x".repeat(size);
  let next = 0;
  const worker = async () => {
    while (next < messages) {
      const first = next;
      next += Math.min(CALL_MESSAGES, messages - first);
      const drafts = Array.from({ length: next - first }, (_, index) => {
        return draftTo(offlineUser((first + index) % users), newId(), message);
      });
      const outcomes = await store.mailboxes.append(drafts);
      const refused = outcomes.find(({ kind }) => kind !== "accepted");
      if (refused !== undefined) throw new Error(`Cannot fill the store: ${refused.kind}`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
}

/** The id of one of the users. */
export function offlineUser(index: number): string {
  return `offline${index}`;
}

function draftTo(to: string, id: string, message: string): Draft {
  const now = systemClock.now();
  const time = new Date(now).toISOString();
  const body = bodyOf({ id, from: SENDER, to, time, message });
  return {
    id,
    kind: "message",
    sender: SENDER,
    from: SENDER,
    to,
    device: DEVICE,
    time: now,
    expires: now + TTL_MS,
    receipt: false,
    urgent: false,
    body,
    bytes: body.length,
  };
}
