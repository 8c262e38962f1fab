/**
 * Every limit of `limits.ts` that a client can reach, at the limit and one past it, on the running
 * server. Sign-in failures and the 10 s are in `sign_in_test.ts`, deadlines and windows in
 * `delivery_test.ts`; 100,000 connections are in `server/connection_counts_test.ts`.
 */
import assert from "node:assert/strict";
import {
  ADDRESS_UNAUTHENTICATED_MAX,
  BATCH_REQUESTS_MAX,
  CID_BYTES_MAX,
  DEVICE_ID_BYTES_MAX,
  DEVICES_MAX,
  FRAME_BYTES_MAX,
  JSON_DEPTH_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  OUTGOING_BYTES_MAX,
  REQUEST_ID_CHARS_MAX,
  REQUESTS_BYTES_MAX,
  REQUESTS_MAX,
  SEND_BURST_DEFAULT,
  SEND_MESSAGES_MAX,
  SEND_RATE_DEFAULT,
  TOKEN_CHARS_MAX,
  TTL_SECONDS_MAX,
  UNAUTHENTICATED_MAX,
  USER_ID_BYTES_MAX,
  WINDOW_MESSAGES_MAX,
} from "../limits.ts";
import { RPC_ERRORS, type RpcErrorName } from "../rpc/mod.ts";
import { CLOSE } from "../server/close_code.ts";
import { FakeClock } from "../server/fake_clock.ts";
import type { Database } from "../store/kv/database.ts";
import type { StoreLimits } from "../store/mod.ts";
import { AnsweredError, type TestClient } from "./harness/client.ts";
import { LISTENERS, LocalServer, testOnBoth } from "./harness/local_server.ts";
import { type RawSocket, RefusedUpgrade } from "./harness/raw_socket.ts";
import { eventually } from "./harness/eventually.ts";

const PROXY = { TITAN_TRUST_PROXY: "127.0.0.1" };
const UNLIMITED = { env: { TITAN_SEND_RATE: "0" } };

async function refused(promise: Promise<unknown>, name: RpcErrorName): Promise<AnsweredError> {
  const error = await promise.then(() => assert.fail(`expected ${name}`), (error) => error);
  assert.ok(error instanceof AnsweredError, String(error));
  assert.equal(error.code, RPC_ERRORS[name].code, error.message);
  assert.equal(error.data["name"], name);
  assert.equal(error.data["retryable"], RPC_ERRORS[name].retryable);
  return error;
}

function send(client: TestClient, item: object): Promise<unknown> {
  return client.request("msg.send", [{ to: "ann", message: "hi", ...item }]);
}

function from(address: string): { headers: Record<string, string> } {
  return { headers: { "x-forwarded-for": address } };
}

/** An upgrade that is refused because there are too many. */
async function crowded(promise: Promise<unknown>): Promise<void> {
  const error = await promise.then(() => assert.fail("let in"), (error) => error);
  assert.ok(error instanceof RefusedUpgrade, String(error));
  assert.equal(error.status, 503);
  assert.equal(error.headers.get("retry-after"), "10");
}

/** A frame of exactly so many bytes that echoes. */
function echoOf(bytes: number, id: unknown = 1, unit = "x"): string {
  const bare = JSON.stringify({ id, method: "echo", params: [""] });
  const unitBytes = new TextEncoder().encode(unit).length;
  const units = Math.floor((bytes - bare.length) / unitBytes);
  const rest = "x".repeat(bytes - bare.length - units * unitBytes);
  return JSON.stringify({ id, method: "echo", params: [unit.repeat(units) + rest] });
}

testOnBoth("limits - the text of a message", { store: "kv" }, async (server) => {
  const ann = await server.enter("ann");
  const texts = ["x".repeat(MESSAGE_TEXT_BYTES_MAX), "🙂".repeat(MESSAGE_TEXT_BYTES_MAX / 4)];
  for (const message of texts) {
    assert.equal(await send(ann, { message }), "ACK");
    const error = await refused(send(ann, { message: message + "x" }), "message_too_long");
    assert.equal(error.data["limit"], MESSAGE_TEXT_BYTES_MAX);
  }
  const messages = await ann.received(2);
  assert.ok(messages.every(({ message }, n) => message === texts[n]));
});

testOnBoth("limits - a frame", {}, async (server) => {
  for (const unit of ["x", "é", "🙂"]) {
    const socket = await server.rawUser("ann");
    socket.text(echoOf(FRAME_BYTES_MAX, 1, unit));
    assert.equal((await socket.json()).id, 1);
    socket.text(echoOf(FRAME_BYTES_MAX + 1, 2, unit));
    const { code } = await socket.closed();
    assert.equal(code, CLOSE.frameTooLong.code);
  }
});

testOnBoth("limits - requests in a batch", {}, async (server) => {
  const socket = await server.rawUser("ann");
  const batch = (size: number) => Array.from({ length: size }, (_, id) => ({ id, method: "echo" }));
  socket.text(batch(BATCH_REQUESTS_MAX));
  assert.equal((await socket.json()).length, BATCH_REQUESTS_MAX);
  socket.text(batch(BATCH_REQUESTS_MAX + 1));
  const { id, error } = await socket.json();
  assert.equal(id, null);
  assert.equal(error.code, RPC_ERRORS.too_large.code);
  assert.equal(error.data.limit, BATCH_REQUESTS_MAX);
});

testOnBoth("limits - messages in one msg.send", UNLIMITED, async (server) => {
  const ann = await server.enter("ann");
  const items = (count: number) =>
    Array.from({ length: count }, () => ({ to: "ann", message: "x" }));
  assert.equal(await ann.request("msg.send", items(SEND_MESSAGES_MAX)), "ACK");
  assert.equal(
    (await ann.sendMessages(items(SEND_MESSAGES_MAX))).accepted.length,
    SEND_MESSAGES_MAX,
  );
  await refused(ann.request("msg.send", items(SEND_MESSAGES_MAX + 1)), "invalid_params");
  await refused(ann.sendMessages(items(SEND_MESSAGES_MAX + 1)), "invalid_params");
  await refused(ann.request("msg.send", []), "invalid_params");
  await ann.received(2 * SEND_MESSAGES_MAX);
});

testOnBoth("limits - the nesting of JSON", {}, async (server) => {
  const socket = await server.rawUser("ann");
  // The request itself is one level.
  const nested = (depth: number) =>
    `{"id":1,"method":"echo","params":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  socket.text(nested(JSON_DEPTH_MAX));
  assert.equal((await socket.json()).id, 1);
  socket.text(nested(JSON_DEPTH_MAX + 1));
  const { id, error } = await socket.json();
  assert.deepEqual([id, error.code], [null, RPC_ERRORS.too_large.code]);
  // Brackets in a text are no nesting.
  socket.text({ id: 2, method: "echo", params: ["[".repeat(1000)] });
  assert.equal((await socket.json()).id, 2);
});

testOnBoth("limits - the ids of users, devices, messages and requests", {}, async (server) => {
  const ann = await server.enter("ann");
  const user = "u".repeat(USER_ID_BYTES_MAX);
  const wide = "é".repeat(USER_ID_BYTES_MAX / 2);
  await server.know(user, wide);
  for (const to of [user, wide]) {
    assert.equal(await send(ann, { to }), "ACK");
    await refused(send(ann, { to: to + "u" }), "invalid_params");
  }
  assert.equal(await send(ann, { cid: "c".repeat(CID_BYTES_MAX) }), "ACK");
  await refused(send(ann, { cid: "c".repeat(CID_BYTES_MAX + 1) }), "invalid_params");
  await refused(send(ann, { cid: "é".repeat(CID_BYTES_MAX / 2) + "c" }), "invalid_params");
  await refused(send(ann, { cid: "" }), "invalid_params");
  const device = "d".repeat(DEVICE_ID_BYTES_MAX);
  assert.equal((await server.enter("ann", { device })).welcome?.device, device);
  await refused(server.enter("ann", { device: device + "d" }), "invalid_params");
  const socket = await server.rawUser("bob");
  const id = "i".repeat(REQUEST_ID_CHARS_MAX);
  socket.text({ id, method: "echo" });
  assert.equal((await socket.json()).id, id);
  socket.text({ id: id + "i", method: "echo" });
  const answer = await socket.json();
  assert.deepEqual([answer.id, answer.error.code], [null, RPC_ERRORS.invalid_request.code]);
});

testOnBoth("limits - a token", {}, async (server) => {
  const client = await server.connect();
  await refused(client.signIn("x".repeat(TOKEN_CHARS_MAX + 1)), "invalid_params");
  await refused(client.signIn("x".repeat(TOKEN_CHARS_MAX)), "bad_credential");
});

testOnBoth("limits - the time to live", {}, async (server) => {
  const ann = await server.enter("ann");
  for (const ttl of [1, TTL_SECONDS_MAX]) assert.equal(await send(ann, { ttl }), "ACK");
  for (const ttl of [0, -1, TTL_SECONDS_MAX + 1, 1.5, "1", null]) {
    await refused(send(ann, { ttl }), "invalid_params");
  }
});

testOnBoth("limits - the window", {}, async (server) => {
  for (const window of [1, WINDOW_MESSAGES_MAX]) {
    assert.equal((await server.enter("ann", { window })).welcome?.window, window);
  }
  for (const window of [0, WINDOW_MESSAGES_MAX + 1, 1.5]) {
    await refused(server.enter("ann", { window }), "invalid_params");
  }
});

testOnBoth("limits - devices of a user", { store: "kv" }, async (server) => {
  for (let n = 0; n < DEVICES_MAX; n++) await server.enter("ann", { device: `device-${n}` });
  const error = await refused(server.enter("ann", { device: "more" }), "too_many_devices");
  assert.equal(error.data["limit"], DEVICES_MAX);
  await server.enter("ann", { device: "device-0" });
  await server.enter("bob", { device: "more" });
});

testOnBoth("limits - connections from one address", {
  env: { ...PROXY, TITAN_ADDRESS_CONNECTIONS: "3" },
}, async (server) => {
  const sockets: RawSocket[] = [];
  for (let n = 0; n < 3; n++) sockets.push(await server.rawUser(`user-${n}`, from("198.51.100.1")));
  await crowded(server.raw(from("198.51.100.1")));
  await server.raw(from("198.51.100.2"));
  // An IPv6 customer has a whole /64.
  for (let n = 1; n <= 3; n++) await server.rawUser(`six-${n}`, from(`2001:db8::${n}`));
  await crowded(server.raw(from("2001:db8::ffff")));
  await server.raw(from("2001:db8:0:1::1"));
  await sockets[0]?.[Symbol.asyncDispose]();
  await eventually(() => server.raw(from("198.51.100.1")), "a free place");
});

testOnBoth(
  "limits - connections of one address that have not signed in",
  { env: PROXY },
  async (server) => {
    const address = from("198.51.100.1");
    const sockets = [];
    for (let n = 0; n < ADDRESS_UNAUTHENTICATED_MAX; n++) sockets.push(await server.raw(address));
    await crowded(server.raw(address));
    await server.raw(from("198.51.100.2"));
    // Who signs in makes room.
    const [first] = sockets;
    first?.text({ id: 1, method: "auth.jwt", params: [await server.token("ann")] });
    assert.equal((await first?.json()).result, "ACK");
    await server.raw(address);
    await crowded(server.raw(address));
  },
);

testOnBoth("limits - connections in all that have not signed in", {}, async (server) => {
  const ann = await server.enter("ann");
  for (let n = 0; n < UNAUTHENTICATED_MAX; n += 64) {
    await Promise.all(Array.from({ length: 64 }, () => server.raw()));
  }
  await crowded(server.raw());
  await ann.request("echo", {});
  await ann.close();
});

testOnBoth(
  "limits - loopback is exempt from limits per address, but not where it is a proxy",
  {},
  async (server) => {
    for (let n = 0; n <= ADDRESS_UNAUTHENTICATED_MAX; n++) await server.raw(from("198.51.100.1"));
  },
);

testOnBoth(
  "limits - messages a second of one user",
  () => ({ clock: new FakeClock() }),
  async (server) => {
    const clock = server.clock as FakeClock;
    const ann = await server.enter("ann");
    const laptop = await server.enter("ann", { device: "laptop" });
    const items = (count: number) =>
      Array.from({ length: count }, () => ({ to: "ann", message: "x" }));
    // A request that is not valid as a whole takes nothing.
    for (let sent = 0; sent <= SEND_BURST_DEFAULT; sent += 100) {
      const invalid = [...items(99), { to: "ann", message: "" }];
      await refused(ann.request("msg.send", invalid), "invalid_params");
    }
    for (let sent = 0; sent < SEND_BURST_DEFAULT; sent += 100) {
      assert.equal(await ann.request("msg.send", items(100)), "ACK");
    }
    // All devices of a user share the bucket.
    for (const client of [ann, laptop]) {
      const error = await refused(send(client, {}), "rate_limited");
      assert.equal(error.data["retryAfter"], 1);
    }
    await (await server.enter("bob")).request("msg.send", items(1));
    clock.advance(1000);
    assert.equal(await ann.request("msg.send", items(SEND_RATE_DEFAULT)), "ACK");
    await refused(send(ann, {}), "rate_limited");
  },
);

testOnBoth("limits - messages that wait for one user", {
  store: "kv",
  env: { TITAN_MAILBOX_MESSAGES: "5" },
}, async (server) => {
  await server.know("bob");
  const ann = await server.enter("ann");
  const one = { to: "bob", message: "hi" };
  for (let n = 0; n < 4; n++) await ann.sendMessage("bob", "hi");
  // Two do not fit any more: all or nothing by position, each for itself by name.
  await refused(ann.request("msg.send", [one, one]), "mailbox_full");
  const { accepted, rejected } = await ann.sendMessages([one, one]);
  assert.deepEqual([accepted.length, rejected[0]?.code], [1, RPC_ERRORS.mailbox_full.code]);
  assert.deepEqual([rejected[0]?.retryable, rejected[0]?.retryAfter], [true, 60]);
  await refused(ann.request("msg.send", [one]), "mailbox_full");
  const bob = await server.enter("bob");
  await bob.received(5);
  await bob.until(() => bob.empties || undefined, "queue.empty");
  assert.equal(await ann.request("msg.send", [one]), "ACK");
  await bob.received(6);
});

testOnBoth("limits - bytes that wait for one user", {
  store: "kv",
  env: { TITAN_MAILBOX_BYTES: "20000" },
}, async (server) => {
  await server.know("bob");
  const ann = await server.enter("ann");
  const message = "x".repeat(9_000);
  for (let n = 0; n < 2; n++) await ann.sendMessage("bob", message);
  await refused(ann.request("msg.send", [{ to: "bob", message }]), "mailbox_full");
  assert.equal(await ann.request("msg.send", [{ to: "bob", message: "small" }]), "ACK");
});

/** Lets nothing be written while a test wants to see what waits. */
class Gate {
  #opened = Promise.withResolvers<void>();

  constructor() {
    this.open();
  }

  /** Commits wait from now on. */
  shut(): void {
    this.#opened = Promise.withResolvers();
  }

  /** What waits goes on. */
  open(): void {
    this.#opened.resolve();
  }

  around = (database: Database): Database => ({
    read: (keys) => database.read(keys),
    list: (range, limit) => database.list(range, limit),
    commit: async (checks, writes) => {
      await this.#opened.promise;
      return await database.commit(checks, writes);
    },
    close: () => database.close(),
  });
}

/** Registers a test on a server whose commits wait once a user, a neighbour and "bob" are there. */
function testGated(
  name: string,
  limits: Partial<StoreLimits>,
  run: (socket: RawSocket, gate: Gate, server: LocalServer) => Promise<void>,
): void {
  for (const listener of LISTENERS) {
    Deno.test(`${name} (${listener})`, async () => {
      const gate = new Gate();
      const options = { ...UNLIMITED, store: "kv", aroundDatabase: gate.around } as const;
      await using server = await LocalServer.start({ ...options, listener, limits });
      await server.know("bob");
      const neighbour = await server.enter("neighbour");
      // What is asked for the first time is looked up on disk.
      await neighbour.sendMessage("bob", "hi");
      const socket = await server.rawUser("ann");
      socket.text(sendOf("first", "hi"));
      await socket.json();
      gate.shut();
      try {
        await run(socket, gate, server);
        await neighbour.request("echo", {});
      } finally {
        gate.open();
      }
    });
  }
}

function sendOf(id: unknown, message: string): string {
  return JSON.stringify({ id, method: "msg.send", params: [{ to: "bob", message }] });
}

testGated(
  "limits - bytes that wait for their commit",
  { backlogBytes: 100_000 },
  async (socket, gate, server) => {
    const message = "x".repeat(2_000);
    for (let id = 0; id < 100; id++) socket.text(sendOf(id, message));
    const busy: number[] = [];
    // The first may overtake refusals of its turn of the event loop, the second not.
    for (const last of ["last", "after that"]) {
      socket.text({ id: last, method: "echo" });
      for (let answer = await socket.json(); answer.id !== last; answer = await socket.json()) {
        assert.equal(answer.error.code, RPC_ERRORS.busy.code);
        assert.deepEqual([answer.error.data.retryable, answer.error.data.retryAfter], [true, 1]);
        busy.push(answer.id);
      }
    }
    const accepted = 100 - busy.length;
    const bytes = accepted * message.length;
    // The envelope counts too.
    assert.ok(bytes <= 100_000 && bytes > 70_000, `${bytes} bytes accepted`);
    assert.equal(busy[0], accepted);
    gate.open();
    for (let n = 0; n < accepted; n++) assert.equal((await socket.json()).result, "ACK");
    assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, accepted + 2);
    socket.text(sendOf("again", message));
    assert.equal((await socket.json()).result, "ACK");
  },
);

for (const past of [0, 1]) {
  testGated(
    `limits - requests at once of one connection, and ${past} more`,
    {},
    async (socket) => {
      for (let id = 0; id < REQUESTS_MAX - 1 + past; id++) socket.text(sendOf(id, "x"));
      // The last place is taken by a request that is answered at once.
      socket.text({ id: "last", method: "echo" });
      if (past === 1) assert.deepEqual(await socket.closed(), { ...CLOSE.flood });
      else assert.equal((await socket.json()).id, "last");
    },
  );

  testGated(
    `limits - bytes of requests at once of one connection, and ${past} more`,
    {},
    async (socket) => {
      const bare = sendOf(1, "").length;
      const call = (bytes: number) => sendOf(1, "x".repeat(bytes - bare));
      const last = JSON.stringify({ id: "last", method: "echo", params: [] });
      let left = REQUESTS_BYTES_MAX - last.length + past;
      for (; left > 80_000; left -= 40_000) socket.text(call(40_000));
      for (const bytes of [Math.floor(left / 2), Math.ceil(left / 2)]) socket.text(call(bytes));
      socket.text(last);
      if (past === 1) assert.deepEqual(await socket.closed(), { ...CLOSE.flood });
      else assert.equal((await socket.json()).id, "last");
    },
  );
}

testOnBoth("limits - bytes queued to a peer that does not read", {}, async (server) => {
  const socket = await server.rawUser("ann");
  const bob = await server.enter("bob");
  const frame = echoOf(100_000);
  let sent = 0;
  // Far more than the kernel's buffers hold.
  while (server.server.gateway.hub.of("ann").length > 0 && sent < 1000) {
    await Promise.race([socket.text(frame), bob.request("echo", {})]);
    await bob.request("echo", {});
    sent++;
  }
  assert.ok(sent * frame.length > OUTGOING_BYTES_MAX, `${sent} frames`);
  assert.equal(server.server.gateway.hub.of("ann").length, 0);
  // The device can come back, and nobody else has noticed.
  await (await server.enter("ann")).request("echo", {});
});
