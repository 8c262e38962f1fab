import assert from "node:assert/strict";
import { quiet } from "./fake_clock.ts";
import { makeEntry } from "./fake_entries.ts";
import { FakeKv } from "./fake_kv.ts";
import { asidesRange } from "./keys.ts";

const AMPLE = { messages: 1000, bytes: 1024 * 1024 };

Deno.test("Asides.set() waits for a removal that is under way, and then leaves nothing behind", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes, users } = kv.store;
  kv.database.hold();
  const removal = users.remove("bob");
  await quiet();
  const late = mailboxes.setAside("bob", "phone", makeEntry(1));
  await quiet();
  assert.equal(kv.database.held.length, 1, "the removal's own commit");
  kv.database.judge = () => "made";
  kv.database.release();
  assert.equal(await removal, true);
  await late;
  assert.deepEqual(kv.database.disk.list(asidesRange("bob")), []);
});

Deno.test("Asides.set() keeps the entry where the disk refuses the removal it waited for (I3)", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes, users } = kv.store;
  kv.database.hold();
  const removal = users.remove("bob");
  await quiet();
  const late = mailboxes.setAside("bob", "phone", makeEntry(1));
  kv.database.judge = () => "made";
  kv.database.release("refused");
  await assert.rejects(removal);
  await late;
  const { asides } = await mailboxes.readAside("bob", null, AMPLE);
  assert.deepEqual(asides.map(({ device, entry }) => [device, entry.id]), [["phone", "m1"]]);
});

Deno.test("Asides.set() rejects where the disk refuses: the cursor may not pass (I3)", async () => {
  await using kv = await FakeKv.open();
  kv.database.failOnce("refused");
  await assert.rejects(kv.store.mailboxes.setAside("bob", "phone", makeEntry(1)));
  assert.deepEqual((await kv.store.mailboxes.readAside("bob", null, AMPLE)).asides, []);
});

Deno.test("Asides.read() reads no more of the disk than a page takes", async () => {
  await using kv = await FakeKv.open();
  const { mailboxes } = kv.store;
  for (let position = 1; position <= 100; position++) {
    await mailboxes.setAside("bob", "phone", makeEntry(position));
  }
  let lists = 0;
  kv.database.judge = (kind) => {
    if (kind === "list") lists++;
    return "made";
  };
  const page = await mailboxes.readAside("bob", null, { ...AMPLE, messages: 3 });
  assert.deepEqual([page.asides.length, page.next?.position, lists], [3, 3, 1]);
});
