import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../limits.ts";
import { afterInput } from "./clock.ts";
import { Deadlines } from "./deadlines.ts";
import { DenoTransport } from "./deno_transport.ts";
import { FakeClock } from "./fake_clock.ts";
import { CLOSE_MS_MAX, type Transport, type TransportHandler } from "./transport.ts";
import { Turns } from "./turns.ts";

const MINUTE_MS = 60_000;

/** What `Deno.upgradeWebSocket` gives, without a connection behind it. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  readonly closes: unknown[][] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(...args: unknown[]): void {
    this.closes.push(args);
    this.readyState = WebSocket.CLOSING;
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  end(): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent("close"));
  }
}

/** A transport over a fake socket, and what its owner hears. */
class Bench implements TransportHandler, Disposable {
  readonly clock = new FakeClock();
  readonly socket = new FakeSocket();
  readonly events: string[] = [];
  readonly transport: DenoTransport;
  readonly #deadlines = new Deadlines(this.clock);
  readonly #turns = new Turns(this.clock);

  constructor() {
    const acceptance = {
      address: "192.0.2.7",
      accept: (_: Transport) => this,
      released: () => this.events.push("released"),
    };
    // The transport uses nothing of a WebSocket that the fake has not.
    const socket = this.socket as unknown as WebSocket;
    this.transport = new DenoTransport(socket, acceptance, {
      deadlines: this.#deadlines,
      turns: this.#turns,
      fault: (error) => this.events.push(`fault: ${error}`),
      forget: () => this.events.push("forgotten"),
    });
  }

  frame(text: string): void {
    this.events.push(text);
  }

  refused(why: "binary" | "too_long"): void {
    this.events.push(`refused: ${why}`);
  }

  closed(): void {
    this.events.push("closed");
  }

  /** Lets the event loop turn, to the end of the turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.clock.after(0, () => afterInput(resolve)));
  }

  [Symbol.dispose](): void {
    this.#deadlines[Symbol.dispose]();
    this.#turns[Symbol.dispose]();
  }
}

const GONE = ["forgotten", "closed", "released"];

Deno.test("DenoTransport is released where its handshake fails with an error and no close", () => {
  using bench = new Bench();
  bench.socket.dispatchEvent(new ErrorEvent("error"));
  assert.deepEqual(bench.events, ["forgotten", "released"]);
  assert.equal(bench.clock.timers, 1);
});

Deno.test("DenoTransport is released where its handshake ends in no event at all", () => {
  using bench = new Bench();
  bench.clock.advance(9000);
  assert.deepEqual(bench.events, []);
  bench.clock.advance(2000);
  assert.deepEqual(bench.events, ["forgotten", "released"]);
});

Deno.test("DenoTransport has no deadline once it is open", () => {
  using bench = new Bench();
  bench.socket.open();
  bench.clock.advance(60 * MINUTE_MS);
  assert.deepEqual(bench.events, []);
  assert.equal(bench.clock.timers, 0);
});

Deno.test("DenoTransport refuses what Deno lets through", () => {
  const refusals = [
    [new ArrayBuffer(1), "binary"],
    ["a".repeat(FRAME_BYTES_MAX + 1), "too_long"],
    ["€".repeat(FRAME_BYTES_MAX / 3 + 1), "too_long"],
  ] as const;
  for (const [data, why] of refusals) {
    using bench = new Bench();
    bench.socket.open();
    bench.socket.receive(data);
    bench.socket.receive("later");
    assert.deepEqual(bench.events, [`refused: ${why}`]);
  }
});

Deno.test("DenoTransport closes once a turn went by without a frame", async () => {
  using bench = new Bench();
  bench.socket.open();
  bench.socket.receive("a");
  bench.transport.close(4409, "Replaced");
  bench.transport.send("nothing more");
  for (let i = 0; i < 3; i++) {
    bench.socket.receive("more");
    await bench.turn();
    assert.deepEqual(bench.socket.closes, []);
  }
  await bench.turn();
  assert.deepEqual(bench.socket.closes, [[4409, "Replaced"]]);
  bench.socket.end();
  assert.deepEqual(bench.events, ["a", ...GONE]);
  assert.deepEqual(bench.socket.sent, []);
});

Deno.test("DenoTransport closes a peer that never pauses", async () => {
  using bench = new Bench();
  bench.socket.open();
  bench.transport.close(4100, "Flood");
  for (let i = 0; i < 60; i++) {
    bench.socket.receive("more");
    await bench.turn();
  }
  assert.deepEqual(bench.socket.closes, [[4100, "Flood"]]);
});

Deno.test("DenoTransport does not close what is gone in the meantime", async () => {
  using bench = new Bench();
  bench.socket.open();
  bench.transport.close(4000, "");
  bench.socket.end();
  await bench.turn();
  assert.deepEqual(bench.socket.closes, []);
  assert.deepEqual(bench.events, GONE);
});

Deno.test("DenoTransport gives up on a close that is not answered, and keeps the place", () => {
  using bench = new Bench();
  bench.socket.open();
  bench.transport.close(4000, "");
  bench.clock.advance(CLOSE_MS_MAX + 1000);
  assert.equal(bench.socket.closes.length, 1);
  assert.deepEqual(bench.events, ["closed"]);
  assert.equal(bench.transport.isLingering, true);
  bench.clock.advance(60 * MINUTE_MS);
  assert.deepEqual(bench.events, ["closed"]);
  bench.socket.end();
  assert.deepEqual(bench.events, ["closed", "forgotten", "released"]);
});

Deno.test("DenoTransport.terminate() closes, which is all that can be done", async () => {
  using bench = new Bench();
  bench.socket.open();
  bench.socket.bufferedAmount = 1000;
  assert.equal(bench.transport.bufferedBytes, 1000);
  bench.transport.terminate();
  assert.equal(bench.socket.closes.length, 1);
  await Promise.resolve();
  assert.deepEqual(bench.events, ["closed"]);
  bench.socket.receive("too late");
  bench.socket.end();
  assert.deepEqual(bench.events, ["closed", "forgotten", "released"]);
  assert.equal(bench.clock.timers, 1);
});

// Deno sends the event though bytes wait for a peer that does not read.
Deno.test("DenoTransport counts on after a close event that comes too early", () => {
  using bench = new Bench();
  bench.socket.open();
  bench.socket.bufferedAmount = 1024 * 1024;
  assert.equal(bench.transport.bufferedBytes, 1024 * 1024);
  bench.socket.end();
  assert.deepEqual(bench.events, ["closed"]);
  assert.equal(bench.transport.isLingering, true);
  bench.clock.advance(14 * MINUTE_MS);
  assert.deepEqual(bench.events, ["closed"]);
  bench.clock.advance(2 * MINUTE_MS);
  assert.deepEqual(bench.events, ["closed", "forgotten", "released"]);
  assert.equal(bench.clock.timers, 0);
});

Deno.test("DenoTransport believes the second close event", () => {
  using bench = new Bench();
  bench.socket.open();
  bench.socket.bufferedAmount = 1024 * 1024;
  bench.transport.close(4000, "Reads too slowly");
  bench.socket.end();
  assert.deepEqual(bench.events, ["closed"]);
  bench.socket.end();
  assert.deepEqual(bench.events, ["closed", "forgotten", "released"]);
});
