/**
 * A listener from its start to its end.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CLOSE_MS_MAX } from "../transport.ts";
import type { ListenerTest, Owner } from "./listener_world.ts";
import { handshakeText, OPCODE, RawPeer } from "./raw_peer.ts";

/** How many come and go: enough that a leak of one each would show. */
const VISITORS = 300;

/** Ways to leave. */
const LEAVES: readonly ((peer: RawPeer, owner: Owner) => Promise<void>)[] = [
  (peer) => Promise.resolve(peer.close()),
  async (peer) => {
    await peer.send({ opcode: OPCODE.close });
    await peer.readClose();
    peer.close();
  },
  async (peer, owner) => {
    owner.transport.close(4000, "Bye");
    await peer.readClose();
    peer.close();
  },
  (peer, owner) => {
    owner.transport.terminate();
    return Promise.resolve(peer.close());
  },
  async (peer) => {
    await peer.sendText("x".repeat(1000));
    peer.close();
  },
];

/** The tests. */
export const lifecycleTests: readonly ListenerTest[] = [
  {
    name: "listens on a free port and says where",
    async run(world) {
      const { listener } = world;
      assert.equal(listener.hostname, "127.0.0.1");
      assert.ok(listener.port > 0);
      assert.equal(await (await fetch(`http://127.0.0.1:${listener.port}`)).text(), "plain\n");
    },
  },
  {
    name: "lets hundreds come and go, each over once and released once",
    async run(world) {
      for (let i = 0; i < VISITORS; i += LEAVES.length) {
        await Promise.all(LEAVES.map(async (leave) => {
          const { peer, owner } = await connected(world);
          await leave(peer, owner);
        }));
      }
      await world.until("all released", () => world.released === VISITORS);
      for (const { events } of world.owners) {
        assert.deepEqual(events.filter((event) => !event.startsWith("frame")), [
          "closed",
          "released",
        ]);
      }
      assert.equal(world.listener.lingering, 0);
      assert.deepEqual(world.faults, []);
    },
  },
  {
    name: "closes everybody with 4101 when it ends, and waits for them",
    async run(world) {
      const guests = [await world.connect(), await world.connect(), await world.connect()];
      const ending = world.listener[Symbol.asyncDispose]();
      for (const { peer } of guests) {
        assert.equal((await peer.readClose())?.code, 4101);
        await peer.send({ opcode: OPCODE.close });
        peer.close();
      }
      await ending;
      for (const { owner } of guests) assert.deepEqual(owner.events, ["closed", "released"]);
      await assert.rejects(RawPeer.connect(world.port));
    },
  },
  {
    name: "ends without those who do not go in time, and with what is asked being decided",
    async run(world) {
      const stuck = await world.connect();
      const asked = Promise.withResolvers<void>();
      world.decide = () => asked.promise.then(() => world.acceptance());
      using late = await RawPeer.connect(world.port);
      await late.write(handshakeText({}));
      await world.until("asked", () => world.requests.length === 2);
      const ending = world.listener[Symbol.asyncDispose]();
      world.clock.advance(CLOSE_MS_MAX);
      await ending;
      assert.deepEqual(stuck.owner.events, ["closed", "released"]);
      asked.resolve();
      await world.until("released", () => world.released === 2);
      assert.equal(await late.read(), null);
      assert.equal(world.owners.length, 1);
      stuck.peer.close();
    },
  },
  {
    name: "lets a request be answered that came before it ends",
    async run(world) {
      const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
      world.respond = () => {
        asked.resolve();
        return answer.promise;
      };
      const answered = fetch(world.url).then((response) => response.text());
      await asked.promise;
      const ending = world.listener[Symbol.asyncDispose]();
      answer.resolve(new Response("just in time"));
      assert.equal(await answered, "just in time");
      await ending;
    },
  },
  {
    name: "ends with a request that never ends, and a connection that says nothing",
    async run(world) {
      using silent = await RawPeer.connect(world.port);
      using slow = await RawPeer.connect(world.port);
      await slow.write("GET / HTTP/1.1\r\nHost:");
      const ending = world.listener[Symbol.asyncDispose]();
      world.clock.advance(CLOSE_MS_MAX);
      await ending;
      assert.equal(await silent.read(), null);
      assert.equal(await slow.read(), null);
    },
  },
  {
    name: "can be ended twice, and leaves no timer",
    async run(world) {
      const first = world.listener[Symbol.asyncDispose]();
      const second = world.listener[Symbol.asyncDispose]();
      await Promise.all([first, second]);
      await world.listener[Symbol.asyncDispose]();
      assert.equal(world.clock.timers, 0);
    },
  },
];

/** Connects while others do so too, and finds the side of the server by a name. */
async function connected(
  world: Parameters<ListenerTest["run"]>[0],
): Promise<{ peer: RawPeer; owner: Owner }> {
  const peer = await RawPeer.open(world.port);
  const name = crypto.randomUUID();
  await peer.sendText(name);
  await peer.read();
  const owner = world.owners.find(({ frames }) => frames[0] === name);
  assert.ok(owner !== undefined);
  return { peer, owner };
}
