import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../server/clock.ts";
import { DenoDatabase } from "../../../store/kv/deno_database.ts";
import { deviceKey, emailKey, userKey } from "../../../store/kv/keys.ts";
import { KvStore } from "../../../store/kv/kv_store.ts";
import type { Key } from "../../../store/kv/database.ts";
import type { History } from "../history.ts";
import { checkDirectory } from "./directory_rows.ts";

const ANN = { id: "ann", email: "ann@example.org", registered: 1 };
const PUSH = { provider: "fcm", token: "p", registered: 1 } as const;

/** A person who signed in and did nothing else. */
const HISTORY: History = {
  devices: [],
  people: [{
    user: ANN.id,
    email: ANN.email,
    acts: [{ kind: "sign in", device: "d", at: 1, answer: { kind: "done", at: 2, told: {} } }],
    made: [],
  }],
  lives: [],
  refusals: new Set(),
};

/** What is found where some rows were lost. */
async function faultsWithout(...keys: Key[]): Promise<string[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-rows-" });
  try {
    const path = join(dataDir, "titan.kv");
    const limits = { mailboxMessages: 1000, mailboxBytes: 2 ** 20, backlogBytes: 2 ** 20 };
    const nothing = () => {};
    const options = {
      clock: systemClock,
      limits,
      owner: {},
      epoch: "test",
      lost: nothing,
      failed: nothing,
    };
    const store = await KvStore.open(await DenoDatabase.open(path), options);
    await store.users.create(ANN);
    const device = { user: ANN.id, id: "d", seen: 1, push: PUSH };
    await store.devices.change(ANN.id, "d", 10, () => device);
    await store.mailboxes.attach(ANN.id, "d", "oldest");
    await store[Symbol.asyncDispose]();
    const database = await DenoDatabase.open(path);
    await database.commit([], keys.map((key) => ({ key, value: null })));
    database.close();
    return (await checkDirectory(dataDir, HISTORY)).map(({ what }) => what);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("checkDirectory() finds nothing where everything fits", async () => {
  assert.deepEqual(await faultsWithout(), []);
});

Deno.test("checkDirectory() finds what a user left behind", async () => {
  const faults = (await faultsWithout(userKey("ann"))).join("\n");
  assert.match(faults, /ann is gone/);
  assert.match(faults, /"devices" has a row of ann/);
  assert.match(faults, /"mailboxes" has a row of ann/);
  assert.match(faults, /"emails" do not fit: missing are \[\], too many are \[emails \S+ ann\]/);
});

Deno.test("checkDirectory() finds an address and a push token that are lost or left", async () => {
  const [email, ...more] = await faultsWithout(emailKey(ANN.email, "ann"));
  assert.match(email ?? "", /"emails" do not fit: missing are \[emails \S+ ann\]/);
  assert.deepEqual(more, []);
  const [push] = await faultsWithout(deviceKey("ann", "d"));
  assert.match(push ?? "", /"pushes" do not fit: .* too many are \[pushes fcm \S+ ann d\]/);
});
