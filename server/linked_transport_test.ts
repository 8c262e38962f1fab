import assert from "node:assert/strict";
import { CLOSE_REASON_BYTES_MAX, FRAME_BYTES_MAX } from "../limits.ts";
import { FakeClock } from "./fake_clock.ts";
import { linkedPair, type LinkedTransport, type LinkOptions } from "./linked_transport.ts";
import { CLOSE_MS_MAX, type TransportHandler } from "./transport.ts";

/** Writes down what one side hears. */
class Hearer implements TransportHandler {
  readonly events: string[] = [];
  onFrame: (text: string) => void = () => {};

  frame(text: string): void {
    this.events.push(text);
    this.onFrame(text);
  }

  refused(why: "binary" | "too_long"): void {
    this.events.push(`refused: ${why}`);
  }

  closed(): void {
    this.events.push("closed");
  }
}

interface Side {
  readonly transport: LinkedTransport;
  readonly events: string[];
  readonly hearer: Hearer;
}

function sides(options?: LinkOptions): readonly [server: Side, client: Side] {
  const [server, client] = linkedPair(options).map((transport) => {
    const hearer = new Hearer();
    transport.attach(hearer);
    return { transport, hearer, events: hearer.events };
  });
  assert.ok(server !== undefined && client !== undefined);
  return [server, client];
}

/** A scheduler that the test runs. */
class Tasks {
  readonly #tasks: (() => void)[] = [];
  readonly schedule = (task: () => void): void => {
    this.#tasks.push(task);
  };

  /** Runs what waits, and what that brings; the last first where it is asked to. */
  run(order: "in order" | "last first" = "in order"): void {
    const take = () => order === "in order" ? this.#tasks.shift() : this.#tasks.pop();
    for (let task = take(); task !== undefined; task = take()) task();
  }

  /** Runs one task. */
  step(): void {
    this.#tasks.shift()?.();
  }
}

/** Lets the microtasks run that there are and those that they bring. */
function settle(): Promise<void> {
  return new Promise((resolve) => new FakeClock().after(0, resolve));
}

Deno.test("linkedPair() carries frames both ways, in order and never at once", async () => {
  const [server, client] = sides();
  client.transport.send("a");
  client.transport.send("b");
  server.transport.send("c");
  assert.deepEqual([server.events, client.events], [[], []]);
  await settle();
  assert.deepEqual([server.events, client.events], [["a", "b"], ["c"]]);
  assert.equal(server.transport.address, "memory");
});

Deno.test("linkedPair() keeps the order under a scheduler that shuffles", () => {
  const tasks = new Tasks();
  const [server, client] = sides({ schedule: tasks.schedule });
  for (const text of ["a", "b", "c"]) client.transport.send(text);
  client.transport.close(1000, "");
  tasks.run("last first");
  assert.deepEqual(server.events, ["a", "b", "c", "closed"]);
  assert.deepEqual(client.events, ["closed"]);
});

Deno.test("linkedPair() keeps what comes before somebody listens", async () => {
  const [server, client] = linkedPair();
  client.send("early");
  await settle();
  const hearer = new Hearer();
  server.attach(hearer);
  await settle();
  assert.deepEqual(hearer.events, ["early"]);
});

Deno.test("LinkedTransport.bufferedBytes counts UTF-8 until the peer has read", () => {
  const tasks = new Tasks();
  const [server, client] = sides({ schedule: tasks.schedule });
  server.transport.send("€€");
  server.transport.send("a");
  assert.equal(server.transport.bufferedBytes, 7);
  tasks.step();
  assert.equal(server.transport.bufferedBytes, 1);
  client.transport.pause();
  server.transport.send("bc");
  tasks.run();
  assert.equal(server.transport.bufferedBytes, 3);
  client.transport.resume();
  tasks.run();
  assert.equal(server.transport.bufferedBytes, 0);
  assert.deepEqual(client.events, ["€€", "a", "bc"]);
});

Deno.test("LinkedTransport.close() tells each side once, the peer with code and reason", async () => {
  const [server, client] = sides();
  client.transport.send("before");
  server.transport.close(4409, "Replaced");
  server.transport.close(4000, "Not heard");
  server.transport.send("not sent");
  await settle();
  assert.deepEqual(client.transport.closedBy, { code: 4409, reason: "Replaced" });
  assert.equal(server.transport.closedBy, undefined);
  // The frame was under way, but a side that closes hears nothing more.
  assert.deepEqual([server.events, client.events], [["closed"], ["closed"]]);
});

Deno.test("LinkedTransport.close() cuts a reason that is too long", async () => {
  const [server, client] = sides();
  server.transport.close(4000, "x".repeat(CLOSE_REASON_BYTES_MAX + 1));
  await settle();
  assert.equal(client.transport.closedBy?.reason.length, CLOSE_REASON_BYTES_MAX);
});

Deno.test("LinkedTransport survives that both sides close at once", async () => {
  const [server, client] = sides();
  server.transport.close(4000, "server");
  client.transport.close(1000, "client");
  await settle();
  assert.deepEqual([server.events, client.events], [["closed"], ["closed"]]);
  assert.equal(server.transport.closedBy?.reason, "client");
  assert.equal(client.transport.closedBy?.reason, "server");
});

Deno.test("LinkedTransport.close() gives up on a peer that does not read, in time", async () => {
  const clock = new FakeClock();
  const [server, client] = sides({ clock });
  client.transport.pause();
  server.transport.close(4000, "Enough");
  await settle();
  assert.deepEqual(server.events, []);
  clock.advance(CLOSE_MS_MAX);
  await settle();
  assert.deepEqual([server.events, client.events], [["closed"], ["closed"]]);
});

Deno.test("LinkedTransport.close() leaves no timer where it is answered", async () => {
  const clock = new FakeClock();
  const [server] = sides({ clock });
  server.transport.close(4000, "Enough");
  assert.equal(clock.timers, 1);
  await settle();
  assert.equal(clock.timers, 0);
});

Deno.test("LinkedTransport.terminate() loses what is under way and tells both sides", async () => {
  const [server, client] = sides();
  client.transport.pause();
  server.transport.send("lost");
  client.transport.send("lost as well");
  server.transport.terminate();
  assert.deepEqual(server.events, []);
  assert.equal(server.transport.bufferedBytes, 0);
  server.transport.terminate();
  server.transport.send("after the end");
  await settle();
  assert.deepEqual([server.events, client.events], [["closed"], ["closed"]]);
  assert.equal(client.transport.closedBy, undefined);
});

Deno.test("LinkedTransport refuses a frame past the limit on the server's side only", async () => {
  const [server, client] = sides();
  const longest = "é".repeat(FRAME_BYTES_MAX / 2);
  client.transport.send(longest);
  server.transport.send(longest + "x");
  client.transport.send(longest + "x");
  client.transport.send("later");
  await settle();
  assert.deepEqual(server.events, [longest, "refused: too_long"]);
  assert.deepEqual(client.events, [longest + "x"]);
});

Deno.test("LinkedTransport refuses what is not text, and hears nothing after it", async () => {
  const [server, client] = sides();
  client.transport.sendBinary(3);
  client.transport.send("later");
  await settle();
  assert.deepEqual(server.events, ["refused: binary"]);
  server.transport.close(1003, "Only text");
  await settle();
  assert.deepEqual(server.events, ["refused: binary", "closed"]);
  assert.equal(client.transport.closedBy?.code, 1003);
});

Deno.test("LinkedTransport may be closed from inside a frame", async () => {
  const [server, client] = sides();
  server.hearer.onFrame = () => server.transport.close(4000, "");
  client.transport.send("a");
  client.transport.send("b");
  await settle();
  assert.deepEqual([server.events, client.events], [["a", "closed"], ["closed"]]);
});
