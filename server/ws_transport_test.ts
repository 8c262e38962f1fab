import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import { TextFrameEncoder } from "./text_frame.ts";
import { type OwnedWebSocket, WsTransport } from "./ws_transport.ts";

/** A socket that writes down what arrives at the kernel together, and takes it when it is told. */
class FakeSocket extends Duplex {
  readonly writes: string[] = [];
  onTaken: (() => void) | undefined;
  isStuck = false;

  override _read(): void {}

  override _writev(chunks: { chunk: Uint8Array }[], done: () => void): void {
    const decoder = new TextDecoder("latin1");
    this.writes.push(chunks.map(({ chunk }) => decoder.decode(chunk)).join(""));
    if (this.isStuck) this.onTaken = done;
    else done();
  }
}

/** What `npm:ws` gives, without a connection behind it. */
class FakeWebSocket extends EventEmitter {
  readyState = 1;
  pings = 0;
  readonly closes: unknown[][] = [];
  terminations = 0;

  ping(): void {
    this.pings++;
  }

  close(...args: unknown[]): void {
    this.closes.push(args);
    this.readyState = 2;
  }

  terminate(): void {
    this.terminations++;
    this.readyState = 3;
  }
}

function open() {
  const [webSocket, socket] = [new FakeWebSocket(), new FakeSocket()];
  const events: string[] = [];
  const acceptance = {
    address: "192.0.2.7",
    accept: () => ({
      frame: (text: string) => events.push(text),
      refused: (why: string) => events.push(`refused: ${why}`),
      closed: () => events.push("closed"),
    }),
    released: () => events.push("released"),
  };
  // The transport uses nothing of a WebSocket that the fake has not.
  const transport = new WsTransport(webSocket as unknown as OwnedWebSocket, socket, acceptance, {
    fault: (error) => events.push(`fault: ${error}`),
    forget: () => events.push("forgotten"),
    encoder: new TextFrameEncoder(),
  });
  transport.opened();
  return { transport, webSocket, socket, events };
}

function frames(...texts: string[]): string {
  return new TextDecoder("latin1").decode(new TextFrameEncoder().encode(texts));
}

Deno.test("WsTransport.send() makes one write of what is sent at once", async () => {
  const { transport, socket } = open();
  for (const text of ["a", "b", "c"]) transport.send(text);
  assert.deepEqual(socket.writes, []);
  await Promise.resolve();
  assert.deepEqual(socket.writes, [frames("a", "b", "c")]);
  transport.send("d");
  await Promise.resolve();
  assert.deepEqual(socket.writes.slice(1), [frames("d")]);
});

Deno.test("WsTransport.bufferedBytes counts what the kernel has not taken, from the call on", async () => {
  const { transport, socket } = open();
  socket.isStuck = true;
  transport.send("€".repeat(100));
  assert.equal(transport.bufferedBytes, frames("€".repeat(100)).length);
  await Promise.resolve();
  assert.equal(transport.bufferedBytes, frames("€".repeat(100)).length);
  socket.onTaken?.();
  assert.equal(transport.bufferedBytes, 0);
});

Deno.test("WsTransport.send() sends nothing after either side's close", async () => {
  const [ours, theirs] = [open(), open()];
  ours.transport.close(4000, "Enough");
  theirs.webSocket.readyState = 2;
  for (const { transport, socket } of [ours, theirs]) {
    transport.send("too late");
    await Promise.resolve();
    assert.deepEqual(socket.writes, []);
  }
  assert.deepEqual(ours.webSocket.closes, [[4000, "Enough"]]);
});

Deno.test("WsTransport.probe() pings, and gives up on a peer that said nothing since", async () => {
  const { transport, webSocket, events } = open();
  transport.probe();
  webSocket.emit("pong");
  transport.probe();
  webSocket.emit("message", new TextEncoder().encode("hello"), false);
  transport.probe();
  assert.deepEqual([webSocket.pings, webSocket.terminations], [3, 0]);
  transport.probe();
  assert.deepEqual([webSocket.pings, webSocket.terminations], [3, 1]);
  await Promise.resolve();
  assert.equal(events.at(-1), "closed");
});

Deno.test("WsTransport tells a message that is too long from other errors", () => {
  for (const code of ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", "WS_ERR_INVALID_UTF8"]) {
    const { webSocket, events } = open();
    webSocket.emit("error", Object.assign(new RangeError("Refused"), { code }));
    webSocket.emit("close");
    const refusal = code.includes("LENGTH") ? ["refused: too_long"] : [];
    assert.deepEqual(events, [...refusal, "forgotten", "closed", "released"]);
  }
});
