import assert from "node:assert/strict";
import { systemClock } from "../../clock.ts";
import { FakeClock } from "../../fake_clock.ts";
import { settled } from "../../fake_world.ts";
import { AnswerError, ConnectError, EndedError, type RpcPeer, RpcSocket } from "./rpc_socket.ts";

/** A server that does what the test says with each frame. */
async function scratch(
  onFrame: (frame: { id?: number; method?: string }, socket: WebSocket) => void,
  { peer = silent, clock = systemClock }: {
    peer?: RpcPeer;
    clock?: FakeClock | typeof systemClock;
  } = {},
) {
  const opened = Promise.withResolvers<WebSocket>();
  const gone = Promise.withResolvers<void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (!request.headers.has("upgrade")) return new Response(null, { status: 400 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => opened.resolve(socket);
    socket.onmessage = ({ data }) => onFrame(JSON.parse(data), socket);
    socket.onclose = () => gone.resolve();
    return response;
  });
  const url = `ws://127.0.0.1:${server.addr.port}`;
  const rpc = await RpcSocket.open({ url, protocols: [], clock, peer });
  const other = await opened.promise;
  return {
    rpc,
    other,
    async [Symbol.asyncDispose]() {
      other.close();
      await gone.promise;
      await rpc.ended;
      await server.shutdown();
    },
  };
}

const silent: RpcPeer = { answer: () => Promise.resolve("ACK"), notified() {} };

function reply(socket: WebSocket, frame: object): void {
  socket.send(JSON.stringify({ jsonrpc: "2.0", ...frame }));
}

Deno.test("RpcSocket.call() answers the result of its own request", async () => {
  const held: number[] = [];
  await using place = await scratch(({ id = 0 }, socket) => {
    held.push(id);
    if (held.length < 2) return;
    for (const each of held.reverse()) reply(socket, { id: each, result: `of ${each}` });
  });
  const results = await Promise.all([place.rpc.call("a", {}), place.rpc.call("b", {})]);
  assert.deepEqual(results, ["of 1", "of 2"]);
});

Deno.test("RpcSocket.call() throws the server's error", async () => {
  await using place = await scratch(({ id }, socket) => {
    const data = { name: "rate_limited", retryable: true, retryAfter: 7 };
    reply(socket, { id, error: { code: -32005, message: "Too many requests", data } });
  });
  await assert.rejects(place.rpc.call("a", {}), (error) => {
    assert.ok(error instanceof AnswerError);
    assert.deepEqual([error.message, error.retryable, error.retryAfter], [
      "Too many requests",
      true,
      7,
    ]);
    return true;
  });
});

Deno.test("RpcSocket.call() takes an error without data for a final one", async () => {
  await using place = await scratch(({ id }, socket) => {
    reply(socket, { id, error: { code: -32600, message: "Invalid Request" } });
  });
  await assert.rejects(place.rpc.call("a", {}), { retryable: false });
});

Deno.test("RpcSocket.call() fails where the connection ends first", async () => {
  await using place = await scratch((_, socket) => socket.close(4101, "Server is stopping"));
  await assert.rejects(place.rpc.call("a", {}), EndedError);
  assert.deepEqual(await place.rpc.ended, { code: 4101, reason: "Server is stopping" });
  assert.equal(place.rpc.isEnded, true);
  await assert.rejects(place.rpc.call("a", {}), EndedError);
});

Deno.test("RpcSocket answers requests of the server in order", async () => {
  const answers: unknown[] = [];
  const all = Promise.withResolvers<void>();
  const first = Promise.withResolvers<string>();
  const peer: RpcPeer = {
    answer: (method) => method === "slow" ? first.promise : Promise.resolve("fast"),
    notified() {},
  };
  await using place = await scratch((frame) => {
    answers.push(frame);
    if (answers.length === 2) all.resolve();
  }, { peer });
  reply(place.other, { id: "r1", method: "slow" });
  reply(place.other, { id: "r2", method: "fast" });
  await settled();
  first.resolve("slow");
  await all.promise;
  assert.deepEqual(answers, [
    { jsonrpc: "2.0", result: "slow", id: "r1" },
    { jsonrpc: "2.0", result: "fast", id: "r2" },
  ]);
});

Deno.test("RpcSocket answers a request that it cannot serve with an error", async () => {
  const answer = Promise.withResolvers<unknown>();
  const peer: RpcPeer = { answer: () => Promise.reject(new Error("secret")), notified() {} };
  await using place = await scratch((frame) => answer.resolve(frame), { peer });
  reply(place.other, { id: "r1", method: "msg.recv", params: [] });
  assert.deepEqual(await answer.promise, {
    jsonrpc: "2.0",
    error: { code: -32603, message: "Internal error" },
    id: "r1",
  });
});

Deno.test("RpcSocket passes notifications on", async () => {
  const heard = Promise.withResolvers<unknown>();
  const peer: RpcPeer = {
    answer: silent.answer,
    notified: (method, params) => heard.resolve([method, params]),
  };
  await using place = await scratch(() => {}, { peer });
  reply(place.other, { method: "queue.empty", params: [1] });
  assert.deepEqual(await heard.promise, ["queue.empty", [1]]);
});

Deno.test("RpcSocket leaves a server that speaks something else", async () => {
  for (const text of ["hello", '{"id":{}}', "[1]"]) {
    await using place = await scratch(() => {});
    place.other.send(text);
    assert.equal((await place.rpc.ended).code, 1002, text);
  }
});

Deno.test("RpcSocket.probeAfter() asks a silent server, and leaves where it says nothing", async () => {
  const clock = new FakeClock();
  const probe = Promise.withResolvers<unknown>();
  await using place = await scratch((frame) => probe.resolve(frame), { clock });
  place.rpc.probeAfter(25_000);
  clock.advance(25_000);
  assert.deepEqual(await probe.promise, { jsonrpc: "2.0", method: "ping", id: "probe" });
  clock.advance(10_000);
  assert.deepEqual(await place.rpc.ended, { code: 1006, reason: "Server is silent" });
});

Deno.test("RpcSocket.probeAfter() is content with any frame", async () => {
  const clock = new FakeClock();
  const heard = Promise.withResolvers<void>();
  const peer: RpcPeer = { answer: silent.answer, notified: () => heard.resolve() };
  await using place = await scratch(() => {}, { clock, peer });
  place.rpc.probeAfter(25_000);
  clock.advance(34_999);
  reply(place.other, { method: "queue.empty" });
  await heard.promise;
  clock.advance(24_999);
  assert.equal(place.rpc.isEnded, false);
});

Deno.test("RpcSocket.close() sends what is to be sent, and says goodbye", async () => {
  const frames: unknown[] = [];
  await using place = await scratch((frame) => frames.push(frame));
  const call = place.rpc.call("last", {});
  const failed = assert.rejects(call, EndedError);
  await place.rpc.close();
  await failed;
  assert.equal(frames.length, 1);
});

Deno.test("RpcSocket.close() finishes the answer it is at, and begins no other", async () => {
  const frames: unknown[] = [];
  const asked = Promise.withResolvers<void>();
  const shown = Promise.withResolvers<unknown>();
  const peer: RpcPeer = {
    answer() {
      asked.resolve();
      return shown.promise;
    },
    notified() {},
  };
  await using place = await scratch((frame) => frames.push(frame), { peer });
  reply(place.other, { id: "r1", method: "msg.recv", params: [] });
  await asked.promise;
  const closed = place.rpc.close();
  reply(place.other, { id: "r2", method: "msg.recv", params: [] });
  await settled();
  shown.resolve("ACK");
  await closed;
  assert.deepEqual(frames, [{ jsonrpc: "2.0", result: "ACK", id: "r1" }]);
});

Deno.test("RpcSocket.open() says why there is no connection", async () => {
  const refuse = () => new Response("no", { status: 401 });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, refuse);
  const url = `ws://127.0.0.1:${server.addr.port}`;
  const options = { url, protocols: [], clock: systemClock, peer: silent };
  await assert.rejects(RpcSocket.open(options), (error) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.status, 401);
    return true;
  });
  await server.shutdown();
  await assert.rejects(RpcSocket.open(options), (error) => {
    assert.ok(error instanceof ConnectError);
    assert.equal(error.status, undefined);
    assert.doesNotMatch(error.message, /NetworkError/);
    return true;
  });
});
