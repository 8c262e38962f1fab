/**
 * The opening handshake: who gets in, who does not, and that nothing leaks either way.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ListenerTest } from "./listener_world.ts";
import { handshakeText, RawPeer } from "./raw_peer.ts";

/** Handshakes that must not get as far as the server's decision, and their answers. */
const MALFORMED = [
  ["no key", { headers: { "Sec-WebSocket-Key": null } }, 400],
  ["a short key", { headers: { "Sec-WebSocket-Key": "c2hvcnQ=" } }, 400],
  ["a method that is not GET", { method: "POST" }, 400],
  ["a subprotocol with a space", { headers: { "Sec-WebSocket-Protocol": "ti tan" } }, 400],
  ["no version", { headers: { "Sec-WebSocket-Version": null } }, 426],
  ["an old version", { headers: { "Sec-WebSocket-Version": "8" } }, 426],
  ["a host that makes no URL", { headers: { "Host": "ti tan" } }, 400],
] as const;

/** The tests. */
export const handshakeTests: readonly ListenerTest[] = [
  {
    name: "asks the server with the peer's address, the URL and the headers",
    async run(world) {
      world.decide = ({ address, url, headers }) => {
        assert.equal(address, "127.0.0.1");
        assert.equal(url.pathname, "/");
        assert.equal(url.searchParams.get("device"), "a b");
        assert.equal(headers.get("authorization"), "Bearer abc");
        assert.equal(headers.get("x-forwarded-for"), "203.0.113.9");
        return world.acceptance();
      };
      const headers = { "Authorization": "Bearer abc", "X-Forwarded-For": "203.0.113.9" };
      using peer = await RawPeer.open(world.port, { target: "/?device=a%20b", headers });
      await world.until("accepted", () => world.owners.length === 1);
      assert.equal(world.owners[0]?.transport.address, "192.0.2.7");
      peer.close();
    },
  },
  {
    // A browser that offered a list fails where none of it is confirmed, or more than one.
    name: "confirms the subprotocol that was decided on, however the list is written",
    async run(world) {
      world.decide = () => world.acceptance("titan");
      for (const list of ["titan", "titan, bearer.a.b-c", "bearer.x,titan", " titan ,x"]) {
        using peer = await RawPeer.connect(world.port);
        const headers = { "Sec-WebSocket-Protocol": list };
        const response = await peer.shake({ headers });
        assert.equal(response.status, 101, list);
        assert.equal(response.headers.get("sec-websocket-protocol"), "titan", list);
      }
    },
  },
  {
    name: "confirms no subprotocol where none was decided on",
    async run(world) {
      using peer = await RawPeer.connect(world.port);
      const { status, headers } = await peer.shake({
        headers: { "Sec-WebSocket-Protocol": "titan" },
      });
      assert.equal(status, 101);
      assert.equal(headers.get("sec-websocket-protocol"), null);
    },
  },
  {
    name: "answers 500 to a decision for a subprotocol that was not offered",
    async run(world) {
      world.decide = () => world.acceptance("titan");
      using peer = await RawPeer.connect(world.port);
      const { status } = await peer.shake({ headers: { "Sec-WebSocket-Protocol": "other" } });
      assert.equal(status, 500);
      assert.equal(world.released, 1);
      assert.equal(world.faults.length, 1);
    },
  },
  {
    name: "refuses with the status, the headers and the body of the decision",
    async run(world) {
      for (const status of [401, 404, 503]) {
        const headers = { "retry-after": "7", "content-type": "application/json" };
        world.decide = () => ({ refuse: new Response('{"no":"€"}', { status, headers }) });
        using peer = await RawPeer.connect(world.port);
        const response = await peer.shake();
        assert.equal(response.status, status);
        assert.equal(response.body, '{"no":"€"}');
        assert.equal(response.headers.get("retry-after"), "7");
        assert.equal(response.headers.get("content-type"), "application/json");
      }
      assert.equal(world.owners.length, 0);
    },
  },
  {
    name: "waits for a decision that takes its time",
    async run(world) {
      const decided = Promise.withResolvers<void>();
      world.decide = () => decided.promise.then(() => world.acceptance());
      const connecting = world.connect();
      await world.until("asked", () => world.requests.length === 1);
      decided.resolve();
      const { peer, owner } = await connecting;
      await peer.sendText("hello");
      assert.equal((await peer.read())?.text, "hello");
      peer.close();
      await owner.isReleased();
    },
  },
  {
    name: "refuses what is malformed without asking the server",
    async run(world) {
      for (const [what, handshake, status] of MALFORMED) {
        using peer = await RawPeer.connect(world.port);
        const response = await peer.shake(handshake);
        assert.equal(response.status, status, what);
        if (status === 426) assert.equal(response.headers.get("sec-websocket-version"), "13");
      }
      assert.equal(world.requests.length, 0);
      assert.deepEqual(world.faults, []);
    },
  },
  {
    name: "treats a request to become something else as plain HTTP",
    async run(world) {
      world.respond = (request) => Promise.resolve(new Response(`plain ${request.method}`));
      using peer = await RawPeer.connect(world.port);
      const headers = { "Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings" };
      const response = await peer.shake({ headers });
      assert.equal(response.status, 200);
      assert.equal(response.body, "plain GET");
      assert.equal(world.requests.length, 0);
    },
  },
  {
    name: "answers 500 where the decision throws, and says nothing of why",
    async run(world) {
      const secret = new Error("Secret text");
      const decisions = [
        () => {
          throw secret;
        },
        () => Promise.reject(secret),
      ];
      for (const decide of decisions) {
        world.decide = decide;
        using peer = await RawPeer.connect(world.port);
        const { status, body } = await peer.shake();
        assert.equal(status, 500);
        assert.ok(!body.includes("Secret"), body);
      }
      assert.deepEqual(world.faults, [secret, secret]);
    },
  },
  {
    name: "closes 4003 where the owner cannot take over, and lets go",
    async run(world) {
      const fault = new Error("Cannot take over");
      world.onAccept = () => {
        throw fault;
      };
      using peer = await RawPeer.open(world.port);
      assert.equal((await peer.readClose())?.code, 4003);
      peer.close();
      await world.until("released", () => world.released === 1);
      assert.deepEqual(world.faults, [fault]);
    },
  },
  {
    // A place that such a peer took would never be free again.
    name: "lets go of a peer that leaves while its upgrade is decided",
    async run(world) {
      const decided = Promise.withResolvers<void>();
      world.decide = () => decided.promise.then(() => world.acceptance());
      const peers = [];
      for (let i = 1; i <= 5; i++) {
        const peer = await RawPeer.connect(world.port);
        await peer.write(handshakeText({}));
        await world.until("asked", () => world.requests.length === i);
        peers.push(peer);
      }
      for (const peer of peers) peer.close();
      // A round trip on another connection: by now the listener has seen them leave.
      await (await fetch(world.url)).text();
      await (await fetch(world.url)).text();
      decided.resolve();
      await world.until("released", () => world.released === 5);
      assert.ok(
        world.owners.every(({ events }) => events.filter((e) => e === "closed").length === 1),
      );
    },
  },
];
