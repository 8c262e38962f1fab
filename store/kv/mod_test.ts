import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "./fake_clock.ts";
import { makeDraft } from "./fake_entries.ts";
import { journalSlots } from "./journal_files/mod.ts";
import { type KvStoreOptions, openKvStore } from "./mod.ts";

function optionsWith(clock: FakeClock): KvStoreOptions {
  return {
    clock,
    limits: { mailboxMessages: 10, mailboxBytes: 1000, backlogBytes: 1000 },
    owner: { instance: "test" },
    epoch: "test",
    lost: () => {},
    failed: (error: unknown) => assert.ifError(error),
  };
}

Deno.test("openKvStore() makes the file where it is missing, and finds it again", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "titan.kv");
  const clock = new FakeClock();
  const options = optionsWith(clock);
  try {
    {
      await using store = await openKvStore(path, options);
      for (const id of ["alice", "bob"]) await store.users.create({ id, registered: 0 });
      assert.deepEqual(await store.mailboxes.append([makeDraft("m1")]), [{ kind: "accepted" }]);
    }
    await using store = await openKvStore(path, options);
    const page = await store.mailboxes.read("bob", "phone", 0, { messages: 1, bytes: 1 });
    assert.deepEqual(page.entries.map(({ id }) => id), ["m1"]);
    await store[Symbol.asyncDispose]();
    assert.equal(clock.timers, 0);
    // A file that was closed in good order is all there is.
    assert.deepEqual(journalSlots(path), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
