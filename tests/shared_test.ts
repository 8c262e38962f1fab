/**
 * Two servers on one Deno KV that neither owns, as on Deno Deploy: each in this process, on sockets
 * of its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PushProvider } from "../push/mod.ts";
import { DenoDatabase } from "../store/kv/deno_database.ts";
import { FatefulDatabase } from "../store/kv/shared/fake_fateful_database.ts";
import { eventually } from "./harness/eventually.ts";
import { LocalServer } from "./harness/local_server.ts";
import { within } from "./harness/wait_for.ts";

/** Servers A and B on one database. */
interface Pair {
  readonly a: LocalServer;
  readonly b: LocalServer;
  /** Tokens that were pushed to, by either. */
  readonly pushed: readonly string[];
  /** Ends A without a word to anybody. */
  kill(): Promise<void>;
}

/** A push service that takes everything, and notes whom it was for. */
function recorder(pushed: string[]): PushProvider {
  return {
    name: "fcm",
    send({ target }) {
      pushed.push(target.token);
      return Promise.resolve({ kind: "accepted" });
    },
    check: () => Promise.resolve({ kind: "accepted" }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Registers a test with two servers. */
function testPair(name: string, run: (pair: Pair) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await DenoDatabase.open(":memory:");
    try {
      const cut = new FatefulDatabase(database);
      const pushed: string[] = [];
      const providers = new Map([["fcm", recorder(pushed)]] as const);
      const a = await LocalServer.start({ shared: cut, providers });
      let isKilled = false;
      const kill = async () => {
        isKilled = true;
        await cut.cut();
        // It cannot write what it would, which is the point.
        await a[Symbol.asyncDispose]().catch(() => {});
      };
      try {
        await using b = await LocalServer.start({ shared: database, providers });
        await run({ a, b, pushed, kill });
      } finally {
        if (!isKilled) await a[Symbol.asyncDispose]();
      }
    } finally {
      database.close();
    }
  });
}

const texts = (messages: readonly { message: string }[]) => messages.map(({ message }) => message);

testPair("two servers on one KV carry messages and receipts both ways, live", async ({ a, b }) => {
  const alice = await a.enter("alice");
  const bob = await b.enter("bob");
  for (let turn = 1; turn <= 20; turn++) {
    const there = await alice.sendMessage("bob", `there ${turn}`);
    assert.equal((await bob.received(turn)).at(-1)?.id, there);
    assert.equal((await alice.receiptOf(there)).state, "delivered");
    const back = await bob.sendMessage("alice", `back ${turn}`);
    assert.equal((await alice.received(turn)).at(-1)?.id, back);
    assert.equal((await bob.receiptOf(back)).state, "delivered");
  }
});

testPair(
  "two servers on one KV keep one order for a receiver of many senders",
  async ({ a, b }) => {
    await a.know("bob");
    const senders = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 ? a : b).enter(`sender-${index}`)),
    );
    const bob = await b.enter("bob");
    await Promise.all(senders.map(async (sender, index) => {
      for (let turn = 0; turn < 10; turn++) await sender.sendMessage("bob", `${index} ${turn}`);
    }));
    const received = texts(await bob.received(60));
    assert.equal(new Set(received).size, 60);
    for (let index = 0; index < 6; index++) {
      const own = received.filter((text) => text.startsWith(`${index} `));
      assert.deepEqual(own, Array.from({ length: 10 }, (_, turn) => `${index} ${turn}`));
    }
  },
);

testPair("what waits is delivered by whichever server a device comes to", async ({ a, b }) => {
  const bob = await a.enter("bob");
  await bob.close();
  const alice = await b.enter("alice");
  const sent: string[] = [];
  for (let turn = 0; turn < 5; turn++) sent.push(await alice.sendMessage("bob", `${turn}`));
  const elsewhere = await a.enter("bob");
  assert.equal(elsewhere.welcome?.pending, 5);
  assert.deepEqual((await elsewhere.received(5)).map(({ id }) => id), sent);
  for (const id of sent) assert.equal((await alice.receiptOf(id)).state, "delivered");
});

testPair("a repeat of a cid at the other server gets the first answer", async ({ a, b }) => {
  await a.know("bob");
  const here = await a.enter("alice", { device: "phone" });
  const there = await b.enter("alice", { device: "web" });
  const first = await here.sendMessage("bob", "once", { cid: "c" });
  const { accepted: [again] } = await there.sendMessages([{
    to: "bob",
    message: "once",
    cid: "c",
  }]);
  assert.equal(again?.id, first);
  assert.equal(again?.duplicate, true);
  assert.deepEqual(texts(await (await b.enter("bob")).received(1)), ["once"]);
});

testPair("a device that comes to the other server takes the place of the older", async (pair) => {
  const { a, b } = pair;
  const older = await a.enter("bob", { device: "phone" });
  const newer = await b.enter("bob", { device: "phone" });
  assert.equal((await within(older.closed, 5000, "the older to be closed")).code, 4409);
  const alice = await a.enter("alice");
  await alice.sendMessage("bob", "to the newer");
  assert.deepEqual(texts(await newer.received(1)), ["to the newer"]);
});

testPair("whoever logs out everywhere is closed at the other server, too", async ({ a, b }) => {
  const here = await a.enter("bob", { device: "phone" });
  const there = await b.enter("bob", { device: "web" });
  await here.request("auth.logoutAll");
  for (const one of [here, there]) {
    assert.equal((await within(one.closed, 5000, "the end")).code, 4401);
  }
});

testPair("whoever is removed is closed at the other server, too", async ({ a, b }) => {
  const there = await b.enter("bob", { device: "web" });
  assert.equal(await a.server.admin.remove("bob"), true);
  assert.ok((await within(there.closed, 5000, "the end")).code >= 4400);
  const alice = await b.enter("alice");
  await assert.rejects(alice.sendMessage("bob", "gone"));
});

testPair("a server that dies loses nothing of its users, who come to the other", async (pair) => {
  const { a, b } = pair;
  const bob = await a.enter("bob", { acknowledge: false });
  const alice = await b.enter("alice");
  const first = await alice.sendMessage("bob", "sent to the one that dies");
  await bob.received(1);
  const carol = await a.enter("carol");
  const second = await carol.sendMessage("bob", "stored by the one that dies");
  await bob.received(2);
  await pair.kill();
  const third = await alice.sendMessage("bob", "sent while it is dead");
  const again = await b.enter("bob");
  const received = await again.received(3);
  assert.deepEqual(received.map(({ id }) => id), [first, second, third]);
  assert.deepEqual(received.slice(0, 2).map(({ redelivered }) => redelivered), [1, 1]);
  for (const id of [first, third]) assert.equal((await alice.receiptOf(id)).state, "delivered");
});

testPair(
  "a call that is all or nothing reaches more receivers than a commit checks",
  async (pair) => {
    const { a, b } = pair;
    const names = Array.from({ length: 25 }, (_, index) => `friend-${index}`);
    await a.know(...names);
    const alice = await a.enter("alice");
    const friends = await Promise.all([b.enter("friend-0"), a.enter("friend-24")]);
    const messages = names.map((to) => ({ to, message: "hello" }));
    await assert.rejects(alice.request("msg.send", [...messages, { to: "nobody", message: "x" }]));
    assert.equal(await alice.request("msg.send", messages), "ACK");
    for (const friend of friends) assert.deepEqual(texts(await friend.received(1)), ["hello"]);
    for (const name of names.slice(1, -1)) {
      assert.equal((await b.store.mailboxes.inspect(name))?.messages, 1, `${name} has it once`);
    }
  },
);

testPair("a device that is away is pushed to once, whichever server heard of it", async (pair) => {
  const { a, b, pushed } = pair;
  const bob = await a.enter("bob", { device: "phone" });
  const push = { provider: "fcm", token: "bob's" };
  await bob.request("device.register", { device: "phone", platform: "android", push });
  await bob.close();
  const alice = await b.enter("alice");
  await alice.sendMessages([{ to: "bob", message: "Wake up", urgent: true }]);
  await eventually(() => Promise.resolve(assert.equal(pushed.length, 1)), "the push");
  await eventually(async () => {
    for (const { store } of [a, b]) {
      assert.deepEqual((await store.outbox.list("", 10)).sleepers, []);
    }
  }, "the sweep to find that it was pushed");
  assert.deepEqual(pushed, ["bob's"]);
});
