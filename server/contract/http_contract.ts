/**
 * Plain HTTP beside the WebSockets.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ListenerTest } from "./listener_world.ts";
import { RawPeer } from "./raw_peer.ts";

const MEBIBYTE = 1024 * 1024;

/** The tests. */
export const httpTests: readonly ListenerTest[] = [
  {
    name: "hands a request over with its method, URL, headers, body and address",
    async run(world) {
      world.respond = async (request, address) => {
        const { method, headers } = request;
        const { pathname, searchParams } = new URL(request.url);
        const seen = [method, pathname, searchParams.get("q"), headers.get("x-two"), address];
        return Response.json([...seen, await request.text()]);
      };
      const response = await fetch(`${world.url}/a/b?q=%20c`, {
        method: "POST",
        headers: { "X-Two": "one, two" },
        body: "grüß",
      });
      const seen = ["POST", "/a/b", " c", "one, two", "127.0.0.1", "grüß"];
      assert.deepEqual(await response.json(), seen);
    },
  },
  {
    name: "sends a response with its status, its headers and its body",
    async run(world) {
      world.respond = () => {
        const headers = new Headers({ "content-type": "text/x-test", "x-answer": "42" });
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return Promise.resolve(new Response("nicht da", { status: 404, headers }));
      };
      const response = await fetch(world.url);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "text/x-test");
      assert.equal(response.headers.get("x-answer"), "42");
      assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      assert.equal(response.headers.get("content-length"), "8");
      assert.equal(await response.text(), "nicht da");
    },
  },
  {
    name: "sends no body where there is none, and none to HEAD",
    async run(world) {
      world.respond = () => Promise.resolve(new Response(null, { status: 204 }));
      const empty = await fetch(world.url);
      assert.deepEqual([empty.status, await empty.text()], [204, ""]);
      world.respond = () => Promise.resolve(new Response("only for GET"));
      const head = await fetch(world.url, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
    },
  },
  {
    name: "serves one request after another on one connection",
    async run(world) {
      let count = 0;
      world.respond = () => Promise.resolve(new Response(`answer ${++count}`));
      using peer = await RawPeer.connect(world.port);
      for (let i = 1; i <= 3; i++) {
        await peer.write("GET / HTTP/1.1\r\nHost: titan.test\r\n\r\n");
        assert.equal((await peer.readResponse()).body, `answer ${i}`);
      }
    },
  },
  {
    name: "streams a large body in, and a large body out",
    async run(world) {
      world.respond = async (request) => {
        let bytes = 0;
        for await (const chunk of request.body ?? []) bytes += chunk.length;
        const chunk = new Uint8Array(64 * 1024);
        let left = bytes;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (left === 0) return controller.close();
            const size = Math.min(left, chunk.length);
            left -= size;
            controller.enqueue(chunk.slice(0, size));
          },
        });
        return new Response(body);
      };
      const sent = 4 * MEBIBYTE + 1;
      const response = await fetch(world.url, { method: "POST", body: new Uint8Array(sent) });
      assert.equal((await response.bytes()).length, sent);
    },
  },
  {
    // The server reads a body only as far as its limit.
    name: "answers before the body has been read",
    async run(world) {
      world.respond = async (request) => {
        await request.body?.cancel();
        return new Response("too large", { status: 413 });
      };
      using peer = await RawPeer.connect(world.port);
      const head = "POST / HTTP/1.1\r\nHost: titan.test\r\nContent-Length: 1048576\r\n\r\n";
      await peer.write(head + "x".repeat(1000));
      const { status, body } = await peer.readResponse();
      assert.deepEqual([status, body], [413, "too large"]);
    },
  },
  {
    name: "tells by the signal of a request that its client has left, and not that it was answered",
    async run(world) {
      const signals: AbortSignal[] = [];
      const answer = Promise.withResolvers<Response>();
      world.respond = async (request) => {
        const { signal } = request;
        signals.push(signal);
        signal.addEventListener("abort", () => world.changed());
        await request.text();
        world.changed();
        return signals.length === 1 ? new Response("done") : await answer.promise;
      };
      const body = "POST / HTTP/1.1\r\nHost: titan.test\r\nContent-Length: 2\r\n\r\n{}";
      using peer = await RawPeer.connect(world.port);
      await peer.write(body);
      assert.equal((await peer.readResponse()).body, "done");
      await peer.write(body);
      await world.until("two requests", () => signals.length === 2);
      peer.close();
      await world.until("the signal", () => signals[1]?.aborted === true);
      assert.equal(signals[0]?.aborted, false);
      answer.resolve(new Response("late"));
    },
  },
  {
    name: "does not read a response faster than its client takes it",
    async run(world) {
      let made = 0;
      let isCancelled = false;
      world.respond = () => {
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            made += MEBIBYTE;
            controller.enqueue(new Uint8Array(MEBIBYTE));
            world.changed();
          },
          cancel() {
            isCancelled = true;
            world.changed();
          },
        }, { highWaterMark: 0 });
        return Promise.resolve(new Response(body));
      };
      const peer = await RawPeer.connect(world.port);
      await peer.write("GET / HTTP/1.1\r\nHost: titan.test\r\n\r\n");
      await world.until("something made", () => made > 0);
      // Turns of the event loop, in which an eager sender would go on.
      for (let i = 0; i < 20; i++) {
        world.respond = () => Promise.resolve(new Response("other"));
        await (await fetch(world.url)).text();
      }
      assert.ok(made <= 32 * MEBIBYTE, `made ${made} bytes`);
      peer.close();
      await world.until("cancelled", () => isCancelled);
      assert.deepEqual(world.faults, []);
    },
  },
  {
    name: "answers 500 where the handler throws, and says nothing of why",
    async run(world) {
      const secret = new Error("Secret text");
      world.respond = () => Promise.reject(secret);
      const response = await fetch(world.url);
      assert.equal(response.status, 500);
      assert.ok(!(await response.text()).includes("Secret"));
      assert.deepEqual(world.faults, [secret]);
    },
  },
  {
    // Anybody can do that as often as they like; it must not fill a log.
    name: "takes it for no fault that a client leaves in the middle of its body",
    async run(world) {
      let [isAsked, isFailed] = [false, false];
      world.respond = async (request) => {
        isAsked = true;
        world.changed();
        try {
          return new Response(await request.text());
        } catch (error) {
          isFailed = true;
          world.changed();
          throw error;
        }
      };
      using peer = await RawPeer.connect(world.port);
      await peer.write("POST / HTTP/1.1\r\nHost: titan.test\r\nContent-Length: 10\r\n\r\nabc");
      await world.until("asked", () => isAsked);
      peer.close();
      await world.until("failed", () => isFailed);
      assert.equal(
        await (await fetch(world.url, { method: "POST", body: "whole" })).text(),
        "whole",
      );
      assert.deepEqual(world.faults, []);
    },
  },
  {
    name: "cuts a response whose body fails, and tells the fault",
    async run(world) {
      const secret = new Error("Secret text");
      world.respond = () => {
        let isStarted = false;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (isStarted) throw secret;
            isStarted = true;
            controller.enqueue(new Uint8Array(10));
          },
        });
        return Promise.resolve(new Response(body));
      };
      await assert.rejects(async () => await (await fetch(world.url)).text());
      await world.until("told", () => world.faults.length === 1);
      assert.equal(world.faults[0], secret);
    },
  },
  {
    name: "answers 400 to a request that makes no URL",
    async run(world) {
      let asked = 0;
      world.respond = () => {
        asked++;
        return Promise.resolve(new Response("plain"));
      };
      for (const host of ["ti tan", "a:b:c", "titan.test:99999", "[::1", "<b>"]) {
        using peer = await RawPeer.connect(world.port);
        await peer.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        assert.equal((await peer.readResponse()).status, 400, host);
      }
      assert.equal(asked, 0);
      assert.deepEqual(world.faults, []);
    },
  },
  {
    name: "understands a target that is a whole URL",
    async run(world) {
      world.respond = (request) => Promise.resolve(new Response(request.url));
      using peer = await RawPeer.connect(world.port);
      await peer.write("GET http://other.test/a?b HTTP/1.1\r\nHost: titan.test\r\n\r\n");
      assert.equal((await peer.readResponse()).body, "http://other.test/a?b");
    },
  },
  {
    name: "ends a connection that does not speak HTTP, and no other",
    async run(world) {
      using peer = await RawPeer.connect(world.port);
      await peer.write("\x16\x03\x01 this is not HTTP\r\n\r\n");
      assert.equal(await peer.readResponse().then(({ status }) => status, () => 400), 400);
      assert.equal((await (await fetch(world.url)).text()).length, 6);
    },
  },
];
