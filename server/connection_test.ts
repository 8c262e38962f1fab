import assert from "node:assert/strict";
import type { Credential } from "./auth/mod.ts";
import {
  ACK_MS_MAX,
  OUTGOING_BYTES_MAX,
  PONG_MS_MAX,
  REQUESTS_BYTES_MAX,
  REQUESTS_MAX,
  SIGN_IN_MS_MAX,
} from "../limits.ts";
import { StoreUnavailableError } from "../store/mod.ts";
import { CLOSE } from "./close_code.ts";
import {
  FakeTransport,
  FakeWorld,
  type Frame,
  messagesOf,
  request,
  response,
  settled,
  textsOf,
} from "./fake_world.ts";

/** What an upgrade request brought. */
const CREDENTIAL: Credential = {
  user: "ann",
  device: undefined,
  mark: { id: "t1", session: undefined, issued: 0, expires: Infinity },
};

/** A world that ends its clockwork when the test is over. */
async function withWorld(run: (world: FakeWorld) => Promise<void>): Promise<void> {
  const world = FakeWorld.create();
  try {
    await run(world);
  } finally {
    await world.gateway.stop(CLOSE.goingAway, 5000);
  }
}

function testWorld(name: string, run: (world: FakeWorld) => Promise<void>): void {
  Deno.test(name, () => withWorld(run));
}

/** The answer to one request among frames. */
function answerTo(id: string | number, frames: readonly Frame[]): Frame {
  const found = frames.find((frame) => frame.id === id && frame.method === undefined);
  assert.ok(found !== undefined, `no answer to ${id}`);
  return found;
}

testWorld("Connection answers the sign-in before anything else that it causes", async (world) => {
  await world.enter("ann");
  const sender = await world.enter("cat");
  sender.connection.frame(request("s", "msg.send", [{ to: "ann", message: "waits" }]));
  await settled();
  for (const params of [{}, { receipts: true }]) {
    const { transport } = await world.enter("ann", { ...params, device: "d" });
    const [first, second] = transport.take();
    assert.equal(first?.id, "in");
    assert.equal(second?.method, "msg.recv");
  }
});

testWorld("Connection answers every sign-in of a batch before it delivers", async (world) => {
  const { connection, transport } = world.connect();
  const params = { token: await world.token("ann"), receipts: true };
  const calls = ["a", "b"].map((id) => JSON.parse(request(id, "auth.jwt", params)));
  connection.frame(JSON.stringify(calls));
  await settled();
  const frames = transport.take();
  assert.ok(Array.isArray(frames[0]), JSON.stringify(frames[0]));
  assert.deepEqual(frames.slice(1).map(({ method }) => method), ["queue.empty"]);
});

testWorld("Connection works on what comes before the sign-in is done, behind it", async (world) => {
  const { connection, transport } = world.connect();
  connection.frame(request("in", "auth.jwt", { token: await world.token("ann") }));
  connection.frame(request("send", "msg.send", [{ to: "ann", message: "pipelined" }]));
  connection.frame(request("echo", "echo", [1]));
  await settled();
  const frames = transport.take();
  assert.equal(answerTo("in", frames).result, "ACK");
  assert.equal(answerTo("send", frames).result, "ACK");
  assert.deepEqual(answerTo("echo", frames).result, [1]);
  assert.deepEqual(textsOf(frames), ["pipelined"]);
});

testWorld("Connection lets a first request bring its token, and only the first", async (world) => {
  const token = await world.token("ann");
  const { connection, transport } = world.connect();
  connection.frame(request("1", "echo", { token, text: "hi" }));
  connection.frame(request("2", "msg.send", [{ to: "ann", message: "hi" }]));
  await settled();
  const frames = transport.take();
  assert.deepEqual(answerTo("1", frames).result, { token, text: "hi" });
  assert.equal(answerTo("2", frames).result, "ACK");

  const late = world.connect();
  late.connection.frame(request("1", "echo", {}));
  late.connection.frame(request("2", "echo", { token }));
  late.connection.frame(request("3", "msg.send", [{ to: "ann", message: "hi" }]));
  await settled();
  assert.equal(late.connection.identity, undefined);
  assert.equal(answerTo("3", late.transport.take()).error?.data.name, "unauthenticated");
});

testWorld("Connection closes 4401 after the error that answers a bad token", async (world) => {
  const { connection, transport } = world.connect();
  connection.frame(request("in", "auth.jwt", { token: "no token" }));
  connection.frame(request("after", "echo", [1]));
  await settled();
  const [answer, ...more] = transport.take();
  assert.equal(answer?.error?.data.name, "bad_credential");
  assert.deepEqual(more, []);
  assert.deepEqual(transport.closedWith, CLOSE.badCredential);
});

testWorld(
  "Connection closes 4401 even where the bad token came in a notification",
  async (world) => {
    const { connection, transport } = world.connect();
    connection.frame(request(undefined, "auth.jwt", { token: "no token" }));
    await settled();
    assert.deepEqual(transport.take(), []);
    assert.deepEqual(transport.closedWith, CLOSE.badCredential);
  },
);

testWorld(
  "Connection says how long to wait after too many failures, and closes 4104",
  async (world) => {
    for (let n = 0; n < 6; n++) {
      const { connection } = world.connect("192.0.2.9");
      connection.frame(request("in", "auth.jwt", { token: "no token" }));
      await settled();
    }
    const { connection, transport } = world.connect("192.0.2.9");
    connection.frame(request("in", "auth.jwt", { token: await world.token("ann") }));
    await settled();
    const [answer] = transport.take();
    assert.equal(answer?.error?.data.name, "rate_limited");
    assert.equal(answer?.error?.data.retryAfter, 600);
    assert.deepEqual(transport.closedWith, CLOSE.tooManyFailures);
  },
);

testWorld("Connection stays who it is when it signs in once more", async (world) => {
  const { connection, transport } = await world.enter("ann", { window: 3, device: "phone" });
  transport.take();
  const sign = async (user: string, params: object) => {
    connection.frame(request("again", "auth.jwt", { token: await world.token(user), ...params }));
    await settled();
    return answerTo("again", transport.take());
  };
  assert.equal((await sign("bob", {})).error?.data.name, "forbidden");
  assert.equal((await sign("ann", { device: "laptop" })).error?.data.name, "forbidden");
  const { result } = await sign("ann", { window: 7 });
  assert.equal((result as { window: number }).window, 7);
  assert.deepEqual(connection.identity, { user: "ann", device: "phone" });
  assert.equal(transport.closedWith, null);
});

testWorld(
  "Connection.tick() closes 4004 at the deadline for signing in, and not before",
  async (world) => {
    const { connection, transport } = world.connect();
    const other = await world.enter("ann");
    connection.frame(request("1", "echo", []));
    await settled();
    world.clock.advance(SIGN_IN_MS_MAX - 1);
    assert.equal(transport.closedWith, null);
    world.clock.advance(1);
    assert.deepEqual(transport.closedWith, CLOSE.signInLate);
    assert.equal(other.transport.closedWith, null);
  },
);

testWorld(
  "Connection.tick() asks for a sign of life when an acknowledgement is late",
  async (world) => {
    for (const lives of [false, true]) {
      const { connection, transport } = await world.enter("ann");
      connection.frame(request("s", "msg.send", [{ to: "ann", message: "unanswered" }]));
      await settled();
      transport.take();
      world.clock.advance(ACK_MS_MAX - 1000);
      assert.deepEqual(transport.take(), []);
      world.clock.advance(1000);
      const [ping, ...more] = transport.take();
      assert.equal(ping?.method, "ping");
      assert.deepEqual(more, []);
      if (lives) connection.frame(response(ping?.id, "pong"));
      world.clock.advance(PONG_MS_MAX - 1000);
      assert.equal(transport.closedWith, null);
      world.clock.advance(1000);
      assert.deepEqual(transport.closedWith, lives ? CLOSE.ackLate : CLOSE.noPong);
      await settled();
    }
  },
);

testWorld(
  "Connection.tick() forgives an acknowledgement that comes after the ping",
  async (world) => {
    const { connection, transport } = await world.enter("ann");
    connection.frame(request("s", "msg.send", [{ to: "ann", message: "late" }]));
    await settled();
    const recv = transport.take().find(({ method }) => method === "msg.recv");
    world.clock.advance(ACK_MS_MAX + PONG_MS_MAX - 1000);
    connection.frame(response(recv?.id, "ACK"));
    world.clock.advance(ACK_MS_MAX * 2);
    assert.equal(transport.closedWith, null);
    assert.equal((await world.store.mailboxes.inspect("ann"))?.messages, 0);
  },
);

testWorld(
  "Connection.frame() admits as many requests at once as may be, and not one more",
  async (world) => {
    const { connection, transport } = await world.enter("ann");
    const gate = Promise.withResolvers<never>();
    const { mailboxes } = world.store;
    mailboxes.append = () => gate.promise;
    // The bucket of sends would be empty long before.
    world.gateway.takeSend = () => {};
    const send = request(1, "msg.send", [{ to: "ann", message: "x" }]);
    for (let n = 0; n < REQUESTS_MAX; n++) connection.frame(send);
    assert.equal(transport.closedWith, null);
    connection.frame(send);
    assert.deepEqual(transport.closedWith, CLOSE.flood);
    gate.reject(new StoreUnavailableError("Over"));
    await settled();
  },
);

testWorld(
  "Connection.frame() admits as many bytes at once as may be, and not one more",
  async (world) => {
    for (const past of [0, 1]) {
      const { connection, transport } = world.connect();
      // Nobody has signed in: all but the first wait.
      const call = request("in", "auth.jwt", { token: await world.token("ann") });
      connection.frame(call);
      let left = REQUESTS_BYTES_MAX + past - call.length;
      const echo = (bytes: number) => {
        const bare = request(1, "echo", [""]).length;
        connection.frame(request(1, "echo", ["x".repeat(bytes - bare)]));
        left -= bytes;
      };
      while (left > 200_000) echo(100_000);
      echo(left);
      assert.deepEqual(transport.closedWith, past === 0 ? null : CLOSE.flood);
      await settled();
    }
  },
);

testWorld("Connection.frame() counts only what is being worked on", async (world) => {
  const { connection, transport } = await world.enter("ann");
  const echo = request(1, "echo", ["x".repeat(1000)]);
  for (let n = 0; n < REQUESTS_MAX + 10; n++) {
    connection.frame(echo);
    transport.sent.length = 0;
  }
  assert.equal(transport.closedWith, null);
});

testWorld("Connection.send() gives up a peer that does not take what it is sent", async (world) => {
  const { connection, transport } = await world.enter("ann");
  transport.take();
  // Longer than what is sent without a look at the buffer.
  const frame = "x".repeat(20_000);
  transport.bufferedBytes = OUTGOING_BYTES_MAX - frame.length;
  connection.send(frame);
  assert.equal(transport.closedWith, null);
  assert.deepEqual(transport.sent.splice(0), [frame]);
  transport.bufferedBytes++;
  connection.send(frame);
  assert.deepEqual(transport.closedWith, CLOSE.slow);
  assert.deepEqual(transport.sent, []);
  assert.equal(world.gateway.hub.users, 0);
  connection.send(frame);
  assert.deepEqual(transport.sent, []);
});

testWorld("Connection.send() holds to the limit however small the frames are", async (world) => {
  const { connection, transport } = await world.enter("ann");
  transport.take();
  // Nothing of what is sent leaves.
  Object.defineProperty(transport, "bufferedBytes", {
    get: () => transport.sent.reduce((sum, { length }) => sum + length, 0),
  });
  const frame = "x".repeat(1000);
  while (transport.closedWith === null) connection.send(frame);
  assert.deepEqual(transport.closedWith, CLOSE.slow);
  assert.equal(transport.sent.length, Math.floor(OUTGOING_BYTES_MAX / frame.length));
});

testWorld("Connection.refused() closes with the code that says why", async (world) => {
  for (
    const [why, close] of [["binary", CLOSE.notText], ["too_long", CLOSE.frameTooLong]] as const
  ) {
    const { connection, transport } = await world.enter("ann");
    connection.refused(why);
    assert.deepEqual(transport.closedWith, close);
    await settled();
    assert.equal(world.gateway.hub.users, 0);
  }
});

testWorld("Connection of a device closes 4409 when the device connects anew", async (world) => {
  const older = await world.enter("ann", { device: "phone" });
  const other = await world.enter("ann", { device: "laptop" });
  const newer = await world.enter("ANN", { device: "phone" });
  assert.deepEqual(older.transport.closedWith, CLOSE.replaced);
  assert.equal(other.transport.closedWith, null);
  assert.equal(newer.transport.closedWith, null);
  assert.deepEqual(world.gateway.hub.of("ann"), [other.connection, newer.connection]);
});

testWorld(
  "Connection of a device has one winner where two sign in at the same time",
  async (world) => {
    const token = await world.token("ann");
    const made = [world.connect(), world.connect(), world.connect()];
    for (const { connection } of made) connection.frame(request("in", "auth.jwt", { token }));
    await settled();
    const open = made.filter(({ transport }) => transport.closedWith === null);
    assert.equal(open.length, 1);
    assert.deepEqual(world.gateway.hub.of("ann"), [open[0]?.connection]);
  },
);

testWorld("Connection of a user who is removed closes 4410", async (world) => {
  const { transport } = await world.enter("ann");
  const other = await world.enter("bob");
  world.gateway.hub.evict("ann");
  assert.deepEqual(transport.closedWith, CLOSE.removed);
  assert.equal(other.transport.closedWith, null);
});

testWorld("Connection that was replaced leaves its attempts to the next one", async (world) => {
  const { connection } = await world.enter("ann");
  connection.frame(request("s", "msg.send", [{ to: "ann", message: "hi" }]));
  await settled();
  const next = await world.enter("ann");
  const [, recv] = next.transport.take();
  assert.deepEqual(messagesOf(recv).map(({ redelivered }) => redelivered), [1]);
  const third = await world.enter("ann");
  const [, again] = third.transport.take();
  assert.deepEqual(messagesOf(again).map(({ redelivered }) => redelivered), [2]);
});

testWorld(
  "Connection.adopt() lets frames wait for a sign-in by the upgrade request",
  async (world) => {
    const { connection, transport } = world.connect();
    connection.adopt(CREDENTIAL, { rich: false });
    connection.frame(request("s", "msg.send", [{ to: "ann", message: "hi" }]));
    await settled();
    const frames = transport.take();
    assert.equal(answerTo("s", frames).result, "ACK");
    assert.deepEqual(textsOf(frames), ["hi"]);
    assert.deepEqual(world.leases, ["signed in"]);
  },
);

testWorld("Connection.adopt() closes 4103 where the store fails", async (world) => {
  const { users } = world.store;
  users.get = () => Promise.reject(new StoreUnavailableError("No disk"));
  const { connection, transport } = world.connect();
  connection.adopt(CREDENTIAL, { rich: false });
  connection.frame(request("s", "msg.send", [{ to: "ann", message: "hi" }]));
  await settled();
  assert.deepEqual(transport.closedWith, CLOSE.unavailable);
  assert.deepEqual(transport.take(), []);
});

testWorld("Connection.adopt() tells the operator of faults, and not of clients", async (world) => {
  await world.enter("ann");
  await world.gateway.hub.keepOut({ kind: "user", user: "ann", before: 1 });
  const refused = world.connect();
  refused.connection.adopt(CREDENTIAL, { rich: false });
  await settled();
  assert.deepEqual(refused.transport.closedWith, CLOSE.badCredential);
  assert.deepEqual(world.log.lines.filter(({ level }) => level === "error"), []);
  const [line] = world.log.of("sign-in refused");
  assert.deepEqual(line?.fields, { user: "ann", reason: "bad_credential" });
  const fault = new Error("Fault");
  world.store.users.get = () => Promise.reject(fault);
  const faulty = world.connect();
  faulty.connection.adopt({ ...CREDENTIAL, user: "bob" }, { rich: false });
  await settled();
  assert.deepEqual(world.log.of("sign-in failed").map(({ error }) => error), [fault]);
});

testWorld("Connection says that its token was revoked while it signed in", async (world) => {
  await world.enter("ann");
  const { mailboxes } = world.store;
  const attach = mailboxes.attach.bind(mailboxes);
  mailboxes.attach = async (...args) => {
    world.gateway.hub.revoke({ kind: "user", user: "ann", before: world.clock.now() });
    return await attach(...args);
  };
  const { transport } = await world.enter("ann");
  const [answer] = transport.take();
  assert.equal(answer?.error?.message, "Credential is not valid: revoked");
  assert.deepEqual(transport.closedWith, CLOSE.badCredential);
});

testWorld("Connection that ends while it signs in leaves nothing behind", async (world) => {
  const { connection, transport } = world.connect();
  connection.frame(request("in", "auth.jwt", { token: await world.token("ann") }));
  connection.closed();
  await settled();
  assert.equal(world.gateway.hub.users, 0);
  assert.deepEqual(transport.take(), []);
  assert.deepEqual(world.leases, []);
});

testWorld("Connection tells the sender once its message is delivered", async (world) => {
  const ann = await world.enter("ann", { receipts: true });
  const bob = await world.enter("bob", { receipts: true });
  ann.connection.frame(request("s", "msg.send", { messages: [{ to: "bob", message: "hi" }] }));
  await settled();
  const frames = ann.transport.take();
  const { accepted } = answerTo("s", frames).result as { accepted: { id: string }[] };
  const recv = bob.transport.take().find(({ method }) => method === "msg.recv");
  assert.deepEqual(frames.filter(({ method }) => method === "msg.receipt"), []);
  bob.connection.frame(response(recv?.id, "ACK"));
  await settled();
  const [receipt, ...more] = ann.transport.take();
  assert.equal(receipt?.method, "msg.receipt");
  assert.deepEqual(receipt?.params, {
    id: accepted[0]?.id,
    to: "bob",
    state: "delivered",
    time: new Date(world.clock.now()).toISOString(),
  });
  assert.deepEqual(more, []);
  assert.deepEqual(bob.transport.take(), []);
});

testWorld("Connection hears nothing any more once it is closed", async (world) => {
  const { connection, transport } = await world.enter("ann");
  transport.take();
  connection.close(CLOSE.goingAway);
  connection.frame(request(1, "echo", [1]));
  connection.onResponse("r1", { result: "ACK" });
  connection.close(CLOSE.fault);
  await settled();
  assert.deepEqual(transport.take(), []);
  assert.deepEqual(transport.closedWith, CLOSE.goingAway);
});

testWorld("Connection has the address of its transport in what is logged", async (world) => {
  const { connection, transport } = world.connect("198.51.100.7");
  assert.ok(transport instanceof FakeTransport);
  connection.frame(request("in", "auth.jwt", { token: "secret.token.text" }));
  await settled();
  const [line] = world.log.of("sign-in refused");
  assert.equal(line?.fields.address, "198.51.100.7");
  assert.ok(!JSON.stringify(world.log.lines).includes("secret.token.text"));
});
