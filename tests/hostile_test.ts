/**
 * What clients do that mean harm, or are broken: each gets the right error or close, the server's
 * memory stays bounded (I7), and nobody else notices.
 */
import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../limits.ts";
import { RPC_ERRORS, type RpcErrorName } from "../rpc/mod.ts";
import { CLOSE } from "../server/close_code.ts";
import { FakeClock } from "../server/fake_clock.ts";
import { TestClient } from "./harness/client.ts";
import { Conversation } from "./harness/conversation.ts";
import { LISTENERS, testOnBoth } from "./harness/local_server.ts";
import { measureMemory } from "./harness/process_memory.ts";
import { encodeFrame, handshake, OPCODE, RawSocket } from "./harness/raw_socket.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";

const MIB = 1024 * 1024;

/** Names that are something else in an object that is not careful. */
const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "prototype"];

/** Frames and what answers them: the id and the error. */
const MALFORMED: readonly (readonly [frame: string, id: unknown, error: RpcErrorName])[] = [
  ["", null, "parse_error"],
  ["{", null, "parse_error"],
  ["nul", null, "parse_error"],
  ["'x'", null, "parse_error"],
  ['{"id":1,"method":"echo"}}', null, "parse_error"],
  ['{"id":1,"id":', null, "parse_error"],
  ["\u0000", null, "parse_error"],
  ["null", null, "invalid_request"],
  ["7", null, "invalid_request"],
  ['"echo"', null, "invalid_request"],
  ["[]", null, "invalid_request"],
  ["{}", null, "invalid_request"],
  ['{"id":1}', 1, "invalid_request"],
  ['{"id":{},"method":"echo"}', null, "invalid_request"],
  ['{"id":[1],"method":"echo"}', null, "invalid_request"],
  ['{"id":true,"method":"echo"}', null, "invalid_request"],
  ['{"id":1e999,"method":"echo"}', null, "invalid_request"],
  ['{"id":1,"method":7}', 1, "invalid_request"],
  ['{"id":1,"method":null}', 1, "invalid_request"],
  ['{"id":1,"method":"echo","params":"x"}', 1, "invalid_request"],
  ['{"id":1,"method":"echo","params":7}', 1, "invalid_request"],
  ['{"id":1,"jsonrpc":"1.0","method":"echo"}', 1, "invalid_request"],
  ['{"id":1,"jsonrpc":2,"method":"echo"}', 1, "invalid_request"],
  ['{"id":1,"method":""}', 1, "method_not_found"],
  ['{"id":1,"method":"msg.recv","params":[]}', 1, "method_not_found"],
  ['{"id":1,"method":"ECHO"}', 1, "method_not_found"],
  ['{"id":1,"method":"msg.send"}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":null}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":{}}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":{"__proto__":[]}}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":{"__proto__":{"messages":[]}}}', 1, "invalid_params"],
  [
    '{"id":1,"method":"msg.send","params":[{"__proto__":{"to":"a","message":"b"}}]}',
    1,
    "invalid_params",
  ],
  ['{"id":1,"method":"msg.send","params":[[]]}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":[{"to":["ann"],"message":"x"}]}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":[{"to":"ann","message":"\\ud800"}]}', 1, "invalid_params"],
  [
    '{"id":1,"method":"msg.send","params":[{"to":"ann","message":"\\udc00\\ud800"}]}',
    1,
    "invalid_params",
  ],
  ['{"id":1,"method":"msg.send","params":[{"to":"\\ud800","message":"x"}]}', 1, "invalid_params"],
  ['{"id":1,"method":"msg.send","params":[{"to":"a\\nb","message":"x"}]}', 1, "invalid_params"],
  [
    '{"id":1,"method":"msg.send","params":[{"to":"ann","message":"x","cid":"\\u0000"}]}',
    1,
    "invalid_params",
  ],
  ['{"id":1,"method":"auth.jwt","params":{"token":7}}', 1, "invalid_params"],
  ['{"id":1,"method":"auth.jwt","params":{"token":"x","device":{}}}', 1, "invalid_params"],
  [`${"[".repeat(33)}${"]".repeat(33)}`, null, "too_large"],
  ["[".repeat(200_000), null, "too_large"],
  ['{"a":'.repeat(40_000), null, "too_large"],
  ...NAMES.map((name): [string, unknown, RpcErrorName] => [
    `{"id":1,"method":"${name}"}`,
    1,
    "method_not_found",
  ]),
  ...NAMES.map((name): [string, unknown, RpcErrorName] => [
    `{"id":1,"method":"msg.send","params":[{"to":"${name}","message":"x"}]}`,
    1,
    "unknown_receiver",
  ]),
];

testOnBoth(
  "hostile - every malformed request gets its error, and the connection lives",
  {},
  async (server) => {
    const ann = await server.rawUser("ann");
    for (const [frame, id, name] of MALFORMED) {
      ann.text(frame);
      const answer = await ann.json();
      const shown = frame.slice(0, 100);
      assert.equal(answer.jsonrpc, "2.0", shown);
      assert.deepEqual([answer.id, answer.error.code], [id, RPC_ERRORS[name].code], shown);
      assert.equal(answer.error.data.name, name, shown);
      assert.ok(JSON.stringify(answer).length < 600, shown);
    }
    ann.text({ id: "end", method: "echo" });
    assert.equal((await ann.json()).id, "end");
    assert.deepEqual(server.log.of("request failed"), []);
  },
);

testOnBoth(
  "hostile - before the sign-in nothing is told of params, and nothing is worked on",
  {},
  async (server) => {
    const socket = await server.raw();
    for (const [frame, id, name] of MALFORMED) {
      if (frame.includes("auth.jwt")) continue;
      socket.text(frame);
      const { id: answered, error } = await socket.json();
      const hidden = name === "invalid_params" || name === "unknown_receiver";
      const expected = hidden ? "unauthenticated" : name;
      assert.deepEqual([answered, error.data.name], [id, expected], frame.slice(0, 100));
    }
  },
);

testOnBoth(
  "hostile - frames that break RFC 6455 end their connection, and no other",
  {},
  async (server) => {
    const bob = await server.enter("bob");
    const text = '{"id":1,"method":"echo"}';
    const cases: readonly (readonly [string, Uint8Array, readonly number[]])[] = [
      ["binary", encodeFrame(OPCODE.binary, text), [CLOSE.notText.code]],
      ["empty binary", encodeFrame(OPCODE.binary, ""), [CLOSE.notText.code]],
      ["invalid UTF-8", encodeFrame(OPCODE.text, new Uint8Array([0xff, 0xfe])), [1007, 1006]],
      [
        "surrogates in UTF-8",
        encodeFrame(OPCODE.text, new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])),
        [1007, 1006],
      ],
      ["reserved bits", encodeFrame(OPCODE.text, text, { reserved: 0x40 }), [1002, 1006]],
      ["unknown opcode", encodeFrame(3, text), [1002, 1006]],
      ["continuation of nothing", encodeFrame(OPCODE.continuation, text), [1002, 1006]],
      ["fragmented ping", encodeFrame(OPCODE.ping, "x", { final: false }), [1002, 1006]],
      ["long ping", encodeFrame(OPCODE.ping, "x".repeat(126)), [1002, 1006]],
      ["2^62 bytes claimed", encodeFrame(OPCODE.text, "x", { claims: 2 ** 52 }), [1009, 1006]],
    ];
    for (const [what, bytes, codes] of cases) {
      const ann = await server.rawUser("ann");
      ann.bytes(bytes);
      const { code } = await ann.closed();
      assert.ok(codes.includes(code), `${what}: ${code}`);
    }
    await bob.request("echo", {});
    assert.deepEqual(server.log.of("request failed"), []);
  },
);

testOnBoth(
  "hostile - a fragmented frame is one frame, and as long as one may be",
  {},
  async (server) => {
    const ann = await server.rawUser("ann");
    const text = JSON.stringify({ id: 1, method: "echo", params: ["é🙂".repeat(100)] });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at++) {
      const options = { final: at === bytes.length - 1 };
      const opcode = at === 0 ? OPCODE.text : OPCODE.continuation;
      ann.frame(opcode, bytes.subarray(at, at + 1), options);
      if (at === 7) ann.frame(OPCODE.ping, "between");
    }
    assert.deepEqual(await ann.next(), { kind: "pong", text: "between" });
    assert.deepEqual((await ann.json()).result, ["é🙂".repeat(100)]);
    ann.frame(OPCODE.text, "x".repeat(FRAME_BYTES_MAX), { final: false });
    ann.frame(OPCODE.continuation, "x");
    assert.equal((await ann.closed()).code, CLOSE.frameTooLong.code);
  },
);

testOnBoth(
  "hostile - answers to what was never asked change nothing",
  () => ({ clock: new FakeClock() }),
  async (server) => {
    const clock = server.clock as FakeClock;
    const ann = await server.enter("ann");
    const bob = await server.enter("bob", { acknowledge: false });
    const id = await ann.sendMessage("bob", "for bob");
    await bob.received(1);
    const [delivery] = bob.deliveries;
    // The ids of requests are the same on every connection: they mean only one's own.
    for (
      const forged of [delivery?.id, "r0", "r2", "ping", 1, null, "", "__proto__", "x".repeat(128)]
    ) {
      ann.send({ jsonrpc: "2.0", id: forged, result: { ack: [id] } });
      ann.send({ jsonrpc: "2.0", id: forged, result: "ACK" });
      ann.send({ jsonrpc: "2.0", id: forged, error: { code: 1, message: "x" } });
    }
    await ann.request("echo", {});
    assert.deepEqual(ann.strays, []);
    assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 1);
    // Nor does bob's answer to something else acknowledge it.
    bob.send({ jsonrpc: "2.0", id: "r99", result: { ack: [id] } });
    await bob.request("echo", {});
    assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 1);
    for (
      const result of [{ ack: id }, { ack: { length: 1, 0: id } }, { ack: [[id]] }, { ack: null }]
    ) {
      const last = bob.deliveries.at(-1);
      bob.send({ jsonrpc: "2.0", id: last?.id, result });
      await bob.request("echo", {});
      assert.equal((await server.store.mailboxes.inspect("bob"))?.messages, 1);
      const count = bob.messages.length;
      clock.advance(10_000);
      await bob.received(count + 1);
    }
  },
);

testOnBoth(
  "hostile - names of object members are names like others",
  { store: "kv" },
  async (server) => {
    for (const name of NAMES) {
      const lower = name.toLowerCase();
      const one = await server.enter(name, { device: name });
      assert.deepEqual([one.welcome?.user, one.welcome?.device], [lower, name]);
      const id = await one.sendMessage(name, name, { cid: name });
      assert.equal(await one.sendMessage(name, name, { cid: name }), id);
      const [message] = await one.received(1);
      assert.deepEqual([message?.from, message?.to, message?.message], [lower, lower, name]);
      assert.equal((await one.receiptOf(id)).to, lower);
      assert.deepEqual(await one.request("echo", { [name]: 1 }), JSON.parse(`{"${name}":1}`));
    }
    assert.equal(Object.hasOwn(Object.prototype, "messages"), false);
  },
);

/** One attack on a running server; the connections it opens are its own to close. */
type Attack = (server: ServerProcess, sockets: DisposableSockets) => Promise<void>;

/** Connections that end with the attack. */
class DisposableSockets implements AsyncDisposable {
  readonly #server: ServerProcess;
  readonly #all: RawSocket[] = [];

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async tcp(): Promise<RawSocket> {
    const socket = await RawSocket.connect(this.#server.url);
    this.#all.push(socket);
    return socket;
  }

  async raw(): Promise<RawSocket> {
    const socket = await RawSocket.open(this.#server.url);
    this.#all.push(socket);
    return socket;
  }

  async user(name: string): Promise<RawSocket> {
    const socket = await this.raw();
    socket.text({ id: 1, method: "auth.jwt", params: [await this.#server.token(name)] });
    assert.equal((await socket.json()).result, "ACK");
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((socket) => socket[Symbol.asyncDispose]()));
  }
}

/** Writes until all is written or the server has cut the connection, and never reads. */
async function pour(socket: RawSocket, chunk: Uint8Array, times: number): Promise<void> {
  for (let n = 0; n < times && !socket.isOver; n++) {
    // The server may stop to read: then the rest does not matter.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stuck = new Promise<"stuck">((resolve) => {
      timer = setTimeout(() => resolve("stuck"), 1000);
    });
    const outcome = await Promise.race([socket.bytes(chunk), stuck]);
    clearTimeout(timer);
    if (outcome === "stuck") return;
  }
}

/** Many small frames as one piece. */
function many(frame: Uint8Array, bytes: number): Uint8Array {
  const count = Math.floor(bytes / frame.length);
  const all = new Uint8Array(count * frame.length);
  for (let n = 0; n < count; n++) all.set(frame, n * frame.length);
  return all;
}

/** Takes what waits for a user, so that what is left of an attack is not what it sent. */
async function drain(server: ServerProcess, user: string): Promise<void> {
  const options = { token: await server.token(user), window: 256 };
  await using client = await TestClient.connect(server.url, options);
  await client.until(() => client.empties || undefined, "queue.empty");
}

const ECHO = JSON.stringify({ id: 1, method: "echo", params: ["x".repeat(1000)] });

const ATTACKS: Readonly<Record<string, Attack>> = {
  async "connects and says nothing"(_, sockets) {
    await Promise.all(Array.from({ length: 300 }, () => sockets.raw()));
  },
  async "begins a handshake and never ends it"(_, sockets) {
    const half = handshake().slice(0, -10);
    await Promise.all(Array.from({ length: 300 }, async () => {
      const socket = await sockets.tcp();
      await socket.bytes(half);
    }));
  },
  async "posts a body and never ends it"(_, sockets) {
    const head = "POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n";
    await Promise.all(Array.from({ length: 100 }, async () => {
      const socket = await sockets.tcp();
      await socket.bytes(head + "x".repeat(100_000));
    }));
  },
  async "sends heads of requests without end"(_, sockets) {
    const socket = await sockets.tcp();
    await socket.bytes("GET / HTTP/1.1\r\nhost: x\r\n");
    await pour(socket, new TextEncoder().encode("x-more: y\r\n".repeat(10_000)), 100);
  },
  async "floods with requests and never reads"(_, sockets) {
    const chunk = many(encodeFrame(OPCODE.text, ECHO), MIB);
    await Promise.all(["f1", "f2", "f3"].map(async (name) => {
      await pour(await sockets.user(name), chunk, 40);
    }));
  },
  async "floods with pings"(_, sockets) {
    const chunk = many(encodeFrame(OPCODE.ping, "x".repeat(100)), MIB);
    await pour(await sockets.user("p1"), chunk, 6);
    await pour(await sockets.raw(), chunk, 6);
  },
  async "floods with tiny frames that mean nothing"(_, sockets) {
    const chunk = many(encodeFrame(OPCODE.text, "x"), MIB / 4);
    await pour(await sockets.user("t1"), chunk, 8);
    await pour(await sockets.raw(), chunk, 8);
  },
  async "floods with full batches"(_, sockets) {
    const batch = `[${Array(100).fill('{"id":1,"method":"echo"}').join(",")}]`;
    await pour(await sockets.user("b1"), many(encodeFrame(OPCODE.text, batch), MIB), 20);
  },
  async "floods with messages to itself and never reads"(server, sockets) {
    const params = Array(5).fill({ to: "m1", message: "x".repeat(40_000) });
    const send = JSON.stringify({ method: "msg.send", params });
    await pour(await sockets.user("m1"), many(encodeFrame(OPCODE.text, send), MIB), 40);
    await drain(server, "m1");
  },
  async "floods with the deepest JSON"(_, sockets) {
    const deep = encodeFrame(OPCODE.text, '{"a":['.repeat(40_000));
    await pour(await sockets.user("d1"), deep, 100);
  },
  async "sends frames of 1 MiB"(_, sockets) {
    for (let n = 0; n < 10; n++) {
      const socket = await sockets.raw();
      socket.frame(OPCODE.text, "x".repeat(MIB));
      assert.ok([CLOSE.frameTooLong.code, 1006].includes((await socket.closed()).code));
    }
  },
  async "sends one frame of 63 MiB, one of 70 MiB, and half of one"(_, sockets) {
    for (const bytes of [63 * MIB, 70 * MIB]) {
      const socket = await sockets.raw();
      socket.frame(OPCODE.text, new Uint8Array(bytes).fill(120));
      assert.ok([CLOSE.frameTooLong.code, 1006].includes((await socket.closed()).code));
    }
    const half = await sockets.raw();
    await pour(half, encodeFrame(OPCODE.text, "x".repeat(MIB), { claims: 60 * MIB }), 1);
  },
  async "sends a frame in pieces without end"(_, sockets) {
    const socket = await sockets.raw();
    await socket.frame(OPCODE.text, "x", { final: false });
    const piece = encodeFrame(OPCODE.continuation, "x".repeat(MIB), { final: false });
    await pour(socket, piece, 80);
  },
  async "never acknowledges, and never reads"(server, sockets) {
    await sockets.user("n1");
    const sender = await sockets.user("n2");
    const params = Array(5).fill({ to: "n1", message: "x".repeat(40_000) });
    for (let n = 0; n < 30; n++) {
      sender.text({ id: n, method: "msg.send", params });
      assert.equal((await sender.json()).id, n);
    }
    await drain(server, "n1");
  },
};

/**
 * What an attack may cost at its height, in bytes. Deno's own WebSocket has a frame of up to 64 MiB
 * in memory, more than once, before anybody can refuse it.
 */
const PEAK_BYTES_MAX = { deno: 600 * MIB, ws: 400 * MIB } as const;

/** What the same attacks may add when they come once more: what they leave behind is no leak. */
const GROWTH_BYTES_MAX = 150 * MIB;

/** How long a line of the conversation may take in the middle of an attack, in milliseconds. */
const LINE_MS_MAX = 3000;

/** A heap that is soon full would end the process if something kept what it is sent. */
const DENO_ARGS = ["--v8-flags=--max-old-space-size=256"];

for (const listener of LISTENERS) {
  Deno.test(`hostile - floods and stuck peers cost bounded memory, and nobody notices (${listener})`, async (t) => {
    const env = { TITAN_LISTENER: listener, TITAN_STORE: "memory" };
    await using server = await startServer({ env, denoArgs: DENO_ARGS });
    await using conversation = await Conversation.start(server);
    await conversation.look();
    const { now: before } = await measureMemory(server.pid);
    const left: number[] = [];
    for (const round of ["first", "again"]) {
      for (const [what, attack] of Object.entries(ATTACKS)) {
        await t.step(`${round}: a client ${what}`, async () => {
          await using sockets = new DisposableSockets(server);
          await attack(server, sockets);
          const { messages, slowestMs } = await conversation.look();
          assert.ok(messages > 0);
          assert.ok(slowestMs < LINE_MS_MAX, `a line took ${slowestMs} ms`);
        });
      }
      const { now, peak } = await measureMemory(server.pid);
      assert.ok(
        peak - before < PEAK_BYTES_MAX[listener],
        `${inMib(peak - before)} more at the peak`,
      );
      left.push(now);
    }
    const [first = 0, again = 0] = left;
    assert.ok(
      again - first < GROWTH_BYTES_MAX,
      `${inMib(again - first)} more than the first time`,
    );
    await conversation.look();
    assert.equal(await stillServes(server), "ACK");
  });
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

/** Whether a newcomer can sign in and send. */
async function stillServes(server: ServerProcess): Promise<unknown> {
  await using sockets = new DisposableSockets(server);
  const socket = await sockets.user("last");
  socket.text({ id: 2, method: "msg.send", params: [{ to: "talker-a", message: "bye" }] });
  return (await socket.json()).result;
}
