/**
 * What group commit makes of a disk that syncs every commit: `deno bench bench/commit_bench.ts`. An
 * iteration is 4,000 messages, each acknowledged as in a live chat, so 4,000 times the iterations a
 * second is messages a second. The store is in `TMPDIR`, which has to be on a real disk. Those with
 * a cid can be repeated safely; each cid is a new one, as a client's nearly always is.
 */
import { bodyOf } from "../rpc/message.ts";
import { createUlid } from "../rpc/mod.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { openKvStore } from "../store/kv/mod.ts";
import type { Draft, Store } from "../store/mod.ts";

const MESSAGES = 4000;
const APPENDERS = [1, 50, 800];
const SENDER = "sender";
const DEVICE = "default";
const TEXT = "x".repeat(100);
const LIMITS = { mailboxMessages: 1e6, mailboxBytes: 1e9, backlogBytes: 1e9 };
const TTL_MS = 3_600_000;

const newId = createUlid(systemClock.now, systemRandom);

for (const appenders of APPENDERS) {
  benchAppend(appenders, false);
  benchAppend(appenders, true);
}

function benchAppend(appenders: number, withCid: boolean): void {
  const name = `${MESSAGES} messages${withCid ? " with cid" : ""} by ${appenders} at once`;
  const baseline = appenders === 50 && !withCid;
  const options = { group: "group commit", baseline, n: 5, warmup: 1 };
  Deno.bench(name, options, async (bench) => {
    const path = await Deno.makeTempDir({ prefix: "titan-bench-" });
    try {
      await using store = await open(`${path}/titan.kv`, appenders);
      // The first cid has the store load those it knows, as happens once in a server's life.
      await store.mailboxes.append([draftTo(userOf(0), withCid)]);
      bench.start();
      await appendAll(store, appenders, withCid);
      bench.end();
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  });
}

/** A store with a user for each appender, who acknowledges at once. */
async function open(path: string, appenders: number): Promise<Store> {
  const store = await openKvStore(path, {
    clock: systemClock,
    limits: LIMITS,
    owner: { bench: "group commit" },
    epoch: "bench",
    lost: () => console.error("The store was lost to another process"),
    failed: (error) => console.error(error),
  });
  store.listen({
    committed({ user, entries }) {
      const last = entries.at(-1);
      if (last !== undefined) store.mailboxes.acknowledge(user, DEVICE, last.position);
    },
  });
  await store.users.create({ id: SENDER, registered: systemClock.now() });
  await Promise.all(Array.from({ length: appenders }, async (_, index) => {
    const id = userOf(index);
    await store.users.create({ id, registered: systemClock.now() });
    const device = { user: id, id: DEVICE, seen: systemClock.now() };
    await store.devices.change(id, DEVICE, 1, () => device);
    await store.mailboxes.attach(id, DEVICE, "oldest");
  }));
  return store;
}

async function appendAll(store: Store, appenders: number, withCid: boolean): Promise<void> {
  const append = async (index: number) => {
    for (let count = 0; count < MESSAGES / appenders; count++) {
      const [outcome] = await store.mailboxes.append([draftTo(userOf(index), withCid)]);
      if (outcome?.kind !== "accepted") throw new Error(`Cannot append: ${outcome?.kind}`);
    }
  };
  await Promise.all(Array.from({ length: appenders }, (_, index) => append(index)));
}

function userOf(index: number): string {
  return `user${index}`;
}

function draftTo(to: string, withCid: boolean): Draft {
  const now = systemClock.now();
  const id = newId();
  const time = new Date(now).toISOString();
  const body = bodyOf({ id, from: SENDER, to, time, message: TEXT });
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
    ...(withCid ? { cid: id, fingerprint: id } : {}),
  };
}
