/**
 * Delivery, as a client of the running server sees it: windows, acknowledgements, redelivery,
 * deadlines (DESIGN §3.2, §5; ARCHITECTURE's invariants I3, I4, I6).
 */
import assert from "node:assert/strict";
import {
  ACK_MS_MAX,
  PONG_MS_MAX,
  REFUSALS_MAX,
  WINDOW_BYTES_MAX,
  WINDOW_MESSAGES_DEFAULT,
  WINDOW_MESSAGES_MAX,
} from "../limits.ts";
import { CLOSE } from "../server/close_code.ts";
import { FakeClock } from "../server/fake_clock.ts";
import type { Delivery, TestClient } from "./harness/client.ts";
import { type LocalOptions, type LocalServer, testOnBoth } from "./harness/local_server.ts";

const UNLIMITED: LocalOptions = { env: { TITAN_SEND_RATE: "0" } };

function byHand(): LocalOptions {
  return { ...UNLIMITED, clock: new FakeClock() };
}

function clockOf({ clock }: LocalServer): FakeClock {
  assert.ok(clock instanceof FakeClock);
  return clock;
}

/** Sends numbered messages to a user, who may not be there. */
async function fill(server: LocalServer, to: string, count: number, from = 1): Promise<string[]> {
  await server.know(to);
  const ann = await server.enter("filler");
  const ids: string[] = [];
  for (let sent = 0; sent < count; sent += 100) {
    const messages = Array.from(
      { length: Math.min(100, count - sent) },
      (_, n) => ({ to, message: `message ${sent + n + from}` }),
    );
    ids.push(...(await ann.sendMessages(messages)).accepted.map(({ id }) => id));
  }
  await ann.close();
  return ids;
}

/** Waits until the server has heard everything that a client has sent, and answered. */
async function roundTrip(client: TestClient): Promise<void> {
  await client.request("echo", {});
}

/** A connection must close by itself, with a code of the table. */
async function closes(client: TestClient, close: { code: number; reason: string }): Promise<void> {
  const { code, reason } = await client.closed;
  assert.deepEqual({ code, reason }, { code: close.code, reason: close.reason });
}

testOnBoth(
  "delivery - what waited comes at sign-in, in order, and is told to be over",
  UNLIMITED,
  async (server) => {
    const ids = await fill(server, "bob", 150);
    const bob = await server.enter("bob", { window: 256 });
    assert.equal(bob.welcome?.pending, 150);
    assert.equal(bob.welcome?.window, 256);
    assert.deepEqual((await bob.received(150)).map(({ id }) => id), ids);
    await bob.until(() => bob.empties || undefined, "queue.empty");
    assert.equal(bob.empties, 1);
    const again = await server.enter("bob");
    assert.equal(again.welcome?.pending, 0);
    await again.until(() => again.empties || undefined, "queue.empty");
    assert.deepEqual(again.messages, []);
  },
);

testOnBoth(
  "delivery - queue.empty waits for the last acknowledgement of what waited",
  UNLIMITED,
  async (server) => {
    await fill(server, "bob", 3);
    const bob = await server.enter("bob", { window: 1, acknowledge: false });
    const next = async (count: number) => {
      const delivery = await bob.until(() => bob.deliveries[count - 1], `delivery ${count}`);
      await roundTrip(bob);
      assert.equal(bob.empties, 0);
      bob.acknowledge(delivery);
    };
    for (const count of [1, 2, 3]) await next(count);
    await bob.until(() => bob.empties || undefined, "queue.empty");
    await fill(server, "bob", 1);
    bob.acknowledge(await bob.until(() => bob.deliveries[3], "the live one"));
    await roundTrip(bob);
    assert.equal(bob.empties, 1);
  },
);

testOnBoth(
  "delivery - a seed client hears neither queue.empty nor msg.receipt",
  UNLIMITED,
  async (server) => {
    const bob = await server.rawUser("bob");
    bob.text({ id: "s", method: "msg.send", params: [{ to: "bob", message: "hi" }] });
    const frames = [await bob.json(), await bob.json()];
    const call = frames.find(({ method }) => method !== undefined);
    assert.equal(call.method, "msg.recv");
    bob.text({ id: call.id, result: "ACK" });
    bob.text({ id: "e", method: "echo" });
    assert.equal((await bob.json()).id, "e");
  },
);

testOnBoth(
  "delivery - never more is in flight than the client's window",
  byHand,
  async (server) => {
    for (
      const [window, expected] of [[1, 1], [7, 7], [undefined, WINDOW_MESSAGES_DEFAULT], [
        WINDOW_MESSAGES_MAX,
        WINDOW_MESSAGES_MAX,
      ]] as const
    ) {
      const user = `user-${window ?? "default"}`;
      await fill(server, user, 300);
      const client = await server.enter(user, {
        acknowledge: false,
        ...(window === undefined ? {} : { window }),
      });
      assert.equal(client.welcome?.window, expected);
      await client.received(expected);
      await roundTrip(client);
      // More come while the window is full.
      await fill(server, user, 1, 301);
      clockOf(server).advance(1000);
      await roundTrip(client);
      assert.equal(client.messages.length, expected);
      const [first] = client.deliveries;
      assert.ok(first !== undefined);
      client.acknowledge(first);
      const after = Math.min(301, expected + first.messages.length);
      await client.received(after);
      await roundTrip(client);
      assert.equal(client.messages.length, after);
      await client.close();
    }
  },
);

testOnBoth(
  "delivery - never more bytes are in flight than the window allows",
  UNLIMITED,
  async (server) => {
    await server.know("bob");
    const ann = await server.enter("ann");
    const text = "x".repeat(48 * 1024);
    for (let n = 0; n < 15; n++) await ann.sendMessage("bob", text);
    const bob = await server.enter("bob", { acknowledge: false, window: 64 });
    const most = Math.floor(WINDOW_BYTES_MAX / (48 * 1024));
    await bob.received(most);
    await roundTrip(bob);
    assert.equal(bob.messages.length, most);
    for (let n = 0; bob.messages.length < 15; n++) {
      const delivery = await bob.until(() => bob.deliveries[n], "more");
      bob.acknowledge(delivery);
      await roundTrip(bob);
    }
  },
);

testOnBoth(
  "delivery - a receiver that lags gets many messages in one msg.recv",
  byHand,
  async (server) => {
    const bob = await server.enter("bob", { acknowledge: false, window: 100 });
    const ann = await server.enter("ann");
    for (let n = 0; n < 50; n++) await ann.sendMessage("bob", `live ${n}`);
    clockOf(server).advance(1000);
    const early = await server.enter("carl");
    await early.close();
    await bob.received(50);
    assert.ok(bob.deliveries.length <= 50);
    // Behind a full window they wait, and go together.
    for (let n = 50; n < 200; n++) await ann.sendMessage("bob", `live ${n}`);
    clockOf(server).advance(1000);
    await bob.received(100);
    const before = bob.deliveries.length;
    // All at once: each could otherwise make room for one message more.
    const { deliveries } = bob;
    bob.send(deliveries.map(({ id }) => ({ jsonrpc: "2.0", id, result: "ACK" })));
    await roundTrip(bob);
    clockOf(server).advance(1000);
    await bob.received(200);
    const frames = bob.deliveries.length - before;
    assert.ok(frames <= 10, `${frames} frames for 100 messages`);
    assert.deepEqual(
      bob.messages.map(({ message }) => message),
      Array.from({ length: 200 }, (_, n) => `live ${n}`),
    );
  },
);

testOnBoth(
  "delivery - acknowledgements may come in any order, and the cursor never skips (I3)",
  byHand,
  async (server) => {
    const bob = await server.enter("bob", { acknowledge: false });
    const ann = await server.enter("ann");
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      ids.push(await ann.sendMessage("bob", `message ${n}`));
      clockOf(server).advance(100);
      await bob.received(n + 1);
    }
    const of = (n: number) => bob.deliveries.find(({ messages }) => messages[0]?.id === ids[n]);
    for (const n of [4, 0, 2]) {
      const delivery = of(n);
      assert.ok(delivery !== undefined);
      bob.acknowledge(delivery);
    }
    await roundTrip(bob);
    await bob.close();
    // 0 is acknowledged, and so is nothing behind 1, as far as a cursor can tell.
    const back = await server.enter("bob");
    const again = await back.received(4);
    assert.deepEqual(again.map(({ id }) => id), ids.slice(1));
    assert.deepEqual(again.map(({ redelivered }) => redelivered), [1, 1, 1, 1]);
  },
);

testOnBoth(
  "delivery - a client may acknowledge some of a msg.recv by id",
  byHand,
  async (server) => {
    const ids = await fill(server, "bob", 4);
    const bob = await server.enter("bob", { acknowledge: false });
    await bob.received(4);
    assert.equal(bob.deliveries.length, 1);
    bob.acknowledge(bob.deliveries[0] as Delivery, [ids[0] ?? "", ids[2] ?? "", "unknown"]);
    await roundTrip(bob);
    assert.equal(bob.messages.length, 4);
    clockOf(server).advance(1000);
    const all = await bob.received(6);
    assert.deepEqual(all.slice(4).map(({ id, redelivered }) => [id, redelivered]), [
      [ids[1], 1],
      [ids[3], 1],
    ]);
  },
);

testOnBoth(
  "delivery - an ack that is no list names nothing, and a reconnect brings what was refused at once",
  byHand,
  async (server) => {
    const [id] = await fill(server, "bob", 1);
    for (const [n, ack] of [null, "ACK", {}, id].entries()) {
      const bob = await server.rawUser("bob");
      const delivery = await bob.json();
      assert.equal(delivery.method, "msg.recv");
      assert.deepEqual(delivery.params.map((it: { id: string }) => it.id), [id]);
      assert.equal(delivery.params[0].redelivered, n === 0 ? undefined : n);
      bob.text({ id: delivery.id, result: { ack } });
      // A second answer is not heard any more.
      bob.text({ id: delivery.id, result: "ACK" });
      bob.text({ id: 1, method: "echo" });
      assert.equal((await bob.json()).id, 1);
      await bob[Symbol.asyncDispose]();
    }
    assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 1);
  },
);

testOnBoth(
  "delivery - a refused message comes again, is set aside, and blocks nothing behind it",
  byHand,
  async (server) => {
    const bob = await server.enter("bob", { acknowledge: false, window: 2 });
    const ann = await server.enter("ann");
    const poison = await ann.sendMessage("bob", "poison");
    const refusals: (number | undefined)[] = [];
    let seen = 0;
    const work = () => {
      for (const delivery of bob.deliveries.slice(seen)) {
        seen++;
        const [message] = delivery.messages;
        if (message?.id === poison) {
          refusals.push(message.redelivered);
          bob.refuse(delivery);
        } else bob.acknowledge(delivery);
      }
    };
    const behind = new Set<string>();
    for (let second = 0; second < 20; second++) {
      behind.add(await ann.sendMessage("bob", `behind ${second}`));
      clockOf(server).advance(1000);
      await bob.until(
        () => bob.messages.some(({ id }) => id === [...behind].at(-1)) || undefined,
        "what is behind",
      );
      work();
      await roundTrip(bob);
      work();
    }
    assert.deepEqual(refusals, [undefined, 1, 2, 3, 4]);
    const [line, ...more] = server.log.of("message set aside");
    assert.deepEqual(line?.fields, { user: "bob", device: "default", message_id: poison });
    assert.deepEqual(more, []);
    await roundTrip(bob);
    assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 0);
    assert.equal(REFUSALS_MAX, refusals.length);
  },
);

testOnBoth(
  "delivery - no second copy goes while the first is in flight",
  byHand,
  async (server) => {
    const [id] = await fill(server, "bob", 1);
    const bob = await server.enter("bob", { acknowledge: false });
    await bob.received(1);
    for (let n = 0; n < 29; n++) {
      clockOf(server).advance(1000);
      await roundTrip(bob);
    }
    await server.server.gateway.sweep();
    await fill(server, "bob", 1, 2);
    await bob.received(2);
    assert.deepEqual(bob.messages.map((message) => message.id).filter((it) => it === id), [id]);
  },
);

testOnBoth(
  "delivery - a reconnect brings what was not acknowledged, with its id and a count (I4)",
  UNLIMITED,
  async (server) => {
    const ids = await fill(server, "bob", 3);
    for (let n = 0; n < 4; n++) {
      const bob = await server.enter("bob", { acknowledge: false });
      assert.equal(bob.welcome?.pending, 3);
      const messages = await bob.received(3);
      assert.deepEqual(messages.map(({ id }) => id), ids);
      assert.deepEqual(
        messages.map(({ redelivered }) => redelivered),
        Array(3).fill(n || undefined),
      );
      if (n % 2 === 0) await bob.close();
    }
  },
);

testOnBoth("delivery - each device has a cursor of its own", UNLIMITED, async (server) => {
  await server.enter("bob", { device: "phone" }).then((phone) => phone.close());
  const ids = await fill(server, "bob", 2);
  const laptop = await server.enter("bob", { device: "laptop" });
  assert.deepEqual((await laptop.received(2)).map(({ id }) => id), ids);
  await laptop.until(() => laptop.empties || undefined, "queue.empty");
  const phone = await server.enter("bob", { device: "phone" });
  const messages = await phone.received(2);
  assert.deepEqual(messages.map(({ id }) => id), ids);
  assert.deepEqual(messages.map(({ redelivered }) => redelivered), [undefined, undefined]);
});

testOnBoth("delivery - a new device starts where its sign-in says", UNLIMITED, async (server) => {
  await server.enter("bob", { device: "phone" }).then((phone) => phone.close());
  const old = await fill(server, "bob", 2);
  const late = await server.enter("bob", { device: "late", start: "newest" });
  const full = await server.enter("bob", { device: "full", start: "oldest" });
  assert.deepEqual([late.welcome?.pending, full.welcome?.pending], [0, 2]);
  const [live] = await fill(server, "bob", 1, 3);
  assert.deepEqual((await full.received(3)).map(({ id }) => id), [...old, live]);
  assert.deepEqual((await late.received(1)).map(({ id }) => id), [live]);
});

testOnBoth("delivery - all devices of a user hear a message", UNLIMITED, async (server) => {
  const devices = await Promise.all(
    ["a", "b", "c"].map((device) => server.enter("bob", { device })),
  );
  const ids = await fill(server, "bob", 5);
  for (const device of devices) {
    assert.deepEqual((await device.received(5)).map(({ id }) => id), ids);
  }
});

testOnBoth(
  "delivery - an acknowledgement 30 s late: ping, then a close to reconnect after",
  byHand,
  async (server) => {
    const [id] = await fill(server, "bob", 1);
    for (const lives of [true, false]) {
      const bob = await server.enter("bob", { acknowledge: false, pong: lives });
      await bob.received(1);
      await roundTrip(bob);
      clockOf(server).advance(ACK_MS_MAX - 1000);
      await roundTrip(bob);
      assert.equal(bob.isOpen, true);
      clockOf(server).advance(1000);
      // The ping comes before this answer, and the answer to it before the next request. A client
      // that does not live says nothing at all.
      if (lives) {
        await roundTrip(bob);
        await roundTrip(bob);
      }
      clockOf(server).advance(PONG_MS_MAX);
      await closes(bob, lives ? CLOSE.ackLate : CLOSE.noPong);
    }
    const bob = await server.enter("bob");
    const [message] = await bob.received(1);
    assert.deepEqual([message?.id, message?.redelivered], [id, 2]);
  },
);

testOnBoth(
  "delivery - an acknowledgement after the ping keeps the connection",
  byHand,
  async (server) => {
    await fill(server, "bob", 1);
    const bob = await server.enter("bob", { acknowledge: false });
    await bob.received(1);
    clockOf(server).advance(ACK_MS_MAX);
    await roundTrip(bob);
    bob.acknowledge(bob.deliveries[0] as Delivery);
    await roundTrip(bob);
    clockOf(server).advance(2 * ACK_MS_MAX);
    await roundTrip(bob);
    assert.equal(bob.isOpen, true);
  },
);

testOnBoth("delivery - an idle connection is left alone", byHand, async (server) => {
  const bob = await server.enter("bob");
  for (let n = 0; n < 10; n++) {
    clockOf(server).advance(60_000);
    await roundTrip(bob);
  }
  assert.equal(bob.isOpen, true);
});

testOnBoth(
  "delivery - the newer connection of a device wins, and loses nothing",
  UNLIMITED,
  async (server) => {
    const older = await server.enter("bob", { device: "phone", acknowledge: false });
    const other = await server.enter("bob", { device: "laptop" });
    const ids = await fill(server, "bob", 2);
    await older.received(2);
    const newer = await server.enter("bob", { device: "phone" });
    await closes(older, CLOSE.replaced);
    const messages = await newer.received(2);
    assert.deepEqual(messages.map(({ id }) => id), ids);
    assert.deepEqual(messages.map(({ redelivered }) => redelivered), [1, 1]);
    await roundTrip(other);
  },
);

testOnBoth("delivery - the connections of a removed user close 4410", UNLIMITED, async (server) => {
  const bob = await server.enter("bob");
  const ann = await server.enter("ann");
  await server.store.users.remove("bob");
  server.server.gateway.hub.evict("bob");
  await closes(bob, CLOSE.removed);
  await roundTrip(ann);
});

testOnBoth(
  "delivery - the clients of a server that stops are told to come back",
  UNLIMITED,
  async (server) => {
    const bob = await server.enter("bob");
    await server.server[Symbol.asyncDispose]();
    await closes(bob, CLOSE.goingAway);
  },
);

testOnBoth(
  "delivery - nothing is lost and nothing out of order while devices come and go (I3, I4, I6)",
  { ...UNLIMITED, store: "kv" },
  async (server) => {
    const total = 400;
    const ids: string[] = [];
    await server.know("bob");
    const ann = await server.enter("ann");
    const sending = (async () => {
      for (let n = 0; n < total; n++) {
        ids.push(await ann.sendMessage("bob", `${n}`));
      }
    })();
    const acknowledged = new Set<string>();
    const first = new Map<string, number>();
    for (let life = 0; acknowledged.size < total; life++) {
      assert.ok(life < 500, `${acknowledged.size} of ${total} after ${life} connections`);
      const bob = await server.enter("bob", { acknowledge: false, window: 1 + (life % 9) });
      const quota = 1 + (life * 7) % 23;
      let last = -1;
      for (let n = 0; n < quota && acknowledged.size < total; n++) {
        const delivery = await bob.until(() => bob.deliveries[n], "a delivery");
        for (const { id, message } of delivery.messages) {
          assert.ok(Number(message) > last, `${message} after ${last} on one connection`);
          last = Number(message);
          first.set(id, last);
        }
        if (n % 5 === 4) break;
        bob.acknowledge(delivery);
        for (const { id } of delivery.messages) acknowledged.add(id);
      }
      await roundTrip(bob);
      if (life % 3 > 0) await bob.close();
    }
    await sending;
    assert.deepEqual([...first.entries()].sort((a, b) => a[1] - b[1]).map(([id]) => id), ids);
  },
);
