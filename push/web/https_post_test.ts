import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from "../contract/test_certificate.ts";
import type { Endpoint } from "./endpoint.ts";
import { HostAgent, post, type ResolveHost } from "./https_post.ts";

const NEVER = new AbortController().signal;
const REQUEST = { headers: { TTL: "60", "Content-Length": 3 }, body: new Uint8Array([1, 2, 3]) };

/** A name that the certificate of the tests has, and that leads nowhere near here by itself. */
const HOST = "fcm.googleapis.com";

Deno.test("post() sends a request and answers what came of it", async () => {
  await using server = await TestServer.open((_request, response) => {
    response.writeHead(429, { "Retry-After": "7" }).end("slow down");
  });
  using agent = agentFor();
  const answer = await post(server.endpoint, REQUEST, { agent, signal: NEVER });
  assert.deepEqual(answer, { status: 429, retryAfter: "7", text: "slow down" });
  assert.deepEqual(server.seen, ["POST /a?b=c 60 3"]);
});

// It is the host of the endpoint that a certificate is for, not the address.
Deno.test("post() connects to the address that it was told, and asks there for the host", async () => {
  let serverName: unknown;
  await using server = await TestServer.open(({ socket, headers }, response) => {
    serverName = (socket as TLSSocket & { servername?: unknown }).servername;
    response.writeHead(headers.host === `${HOST}:${server.port}` ? 201 : 400).end();
  });
  using agent = agentFor();
  const answer = await post(server.endpoint, REQUEST, { agent, signal: NEVER });
  assert.equal(answer.status, 201);
  assert.equal(serverName, HOST);
});

Deno.test("post() has a host resolved once a connection, and keeps that for the next request", async () => {
  await using server = await TestServer.open((_request, response) => void response.end());
  const answers = [["127.0.0.1"], ["192.0.2.1"]];
  const asked: string[] = [];
  using agent = agentFor((host) => {
    asked.push(host);
    return Promise.resolve(answers.shift() ?? []);
  });
  for (const _ of "123") {
    const { status } = await post(server.endpoint, REQUEST, { agent, signal: NEVER });
    assert.equal(status, 200);
  }
  assert.deepEqual(asked, [HOST]);
  assert.equal(server.opened, 1);
});

Deno.test("post() takes another address of a host where one does not answer", async () => {
  await using server = await TestServer.open((_request, response) => void response.end());
  using agent = agentFor(() => Promise.resolve(["::1", "127.0.0.1"]));
  assert.equal((await post(server.endpoint, REQUEST, { agent, signal: NEVER })).status, 200);
});

Deno.test("post() follows no redirect", async () => {
  await using server = await TestServer.open((_request, response) => {
    response.writeHead(307, { Location: `https://${HOST}:${server.port}/elsewhere` }).end();
  });
  using agent = agentFor();
  assert.equal((await post(server.endpoint, REQUEST, { agent, signal: NEVER })).status, 307);
  assert.equal(server.seen.length, 1);
});

Deno.test("post() reads a beginning of a long answer, and then ends the connection", async () => {
  const closed = Promise.withResolvers<void>();
  await using server = await TestServer.open((_request, response) => {
    response.once("close", () => closed.resolve());
    response.writeHead(400);
    // It would write for ever.
    const more = () => {
      if (!response.destroyed) response.write("x".repeat(8192), more);
    };
    more();
  });
  using agent = agentFor();
  const answer = await post(server.endpoint, REQUEST, { agent, signal: NEVER });
  assert.deepEqual([answer.status, answer.text], [400, "x".repeat(1024)]);
  await closed.promise;
});

Deno.test("post() answers with a status whose body ends early", async () => {
  await using server = await TestServer.open((_request, response) => {
    response.writeHead(201, { "Content-Length": "100" });
    response.write("abc", () => response.destroy());
  });
  using agent = agentFor();
  const answer = await post(server.endpoint, REQUEST, { agent, signal: NEVER });
  assert.deepEqual(answer, { status: 201, retryAfter: undefined, text: "abc" });
});

// Deno would send it anew by itself (denoland/deno#36786).
Deno.test("post() sends a request once whose kept connection ends", async () => {
  await using server = await TestServer.open((request, response) => {
    if (server.seen.length === 2) request.socket.destroy();
    else response.end();
  });
  using agent = agentFor();
  await post(server.endpoint, REQUEST, { agent, signal: NEVER });
  const late = post(server.endpoint, REQUEST, { agent, signal: NEVER });
  await assert.rejects(late, { code: "ECONNRESET" });
  assert.equal((await post(server.endpoint, REQUEST, { agent, signal: NEVER })).status, 200);
  assert.deepEqual([server.seen.length, server.opened], [3, 2]);
});

Deno.test("post() gives up when it is told to, on a new connection and on a kept one", async () => {
  const stop = [new AbortController(), new AbortController()];
  await using server = await TestServer.open((_request, response) => {
    // The first and the third hang.
    if (server.seen.length === 2) response.end();
    else stop.shift()?.abort("enough");
  });
  using agent = agentFor();
  for (const isHanging of [true, false, true]) {
    const signal = isHanging ? stop[0]?.signal ?? NEVER : NEVER;
    const answer = post(server.endpoint, REQUEST, { agent, signal });
    if (isHanging) await assert.rejects(answer, (reason) => reason === "enough");
    else assert.equal((await answer).status, 200);
  }
  assert.deepEqual([server.seen.length, server.opened], [3, 2]);
});

Deno.test("post() sends nothing where it is told to stop before", async () => {
  await using server = await TestServer.open((_request, response) => void response.end());
  using agent = agentFor();
  const stopped = AbortSignal.abort("enough");
  const isReason = (reason: unknown) => reason === "enough";
  assert.throws(() => post(server.endpoint, REQUEST, { agent, signal: stopped }), isReason);
  const stop = new AbortController();
  const answer = post(server.endpoint, REQUEST, { agent, signal: stop.signal });
  stop.abort("enough");
  await assert.rejects(answer, isReason);
  assert.deepEqual(server.seen, []);
});

Deno.test("post() throws what resolving the host threw", async () => {
  await using server = await TestServer.open((_request, response) => void response.end());
  const error = Object.assign(new Error("No such host"), { code: "ENOTFOUND" });
  using agent = agentFor(() => Promise.reject(error));
  const answer = post(server.endpoint, REQUEST, { agent, signal: NEVER });
  await assert.rejects(answer, (thrown) => thrown === error);
  for (const none of [[], ["push.example"], [""]]) {
    using lost = agentFor(() => Promise.resolve(none));
    const sent = post(server.endpoint, REQUEST, { agent: lost, signal: NEVER });
    await assert.rejects(sent, { code: "ENOTFOUND" });
  }
  assert.equal(server.opened, 0);
});

Deno.test("post() sends nothing to a host that it cannot trust", async () => {
  await using server = await TestServer.open((_request, response) => void response.end());
  const resolve = () => Promise.resolve(["127.0.0.1"]);
  using agent = disposable(new HostAgent({ resolve, idleMax: 1 }));
  const codes = {
    untrusted: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    other: "ERR_TLS_CERT_ALTNAME_INVALID",
  };
  const untrusted = post(server.endpoint, REQUEST, { agent, signal: NEVER });
  await assert.rejects(untrusted, { code: codes.untrusted });
  using trusting = agentFor();
  const endpoint = { ...server.endpoint, host: "push.example" };
  const other = post(endpoint, REQUEST, { agent: trusting, signal: NEVER });
  await assert.rejects(other, { code: codes.other });
  assert.deepEqual(server.seen, []);
});

/** Answers requests as a test has it. */
class TestServer implements AsyncDisposable {
  readonly seen: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY });
  /** How many connections there have been. */
  opened = 0;

  static async open(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<TestServer> {
    const server = new TestServer();
    server.#server.on("connection", (socket: Socket) => {
      server.opened++;
      server.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => server.#sockets.delete(socket));
    });
    server.#server.on("tlsClientError", () => {});
    server.#server.on("request", (request, response) => {
      let bytes = 0;
      response.on("error", () => {});
      request.on("data", (chunk) => bytes += chunk.length);
      request.once("end", () => {
        server.seen.push(`${request.method} ${request.url} ${request.headers.ttl} ${bytes}`);
        answer(request, response);
      });
    });
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get endpoint(): Endpoint {
    const origin = `https://${HOST}:${this.port}`;
    return { origin, host: HOST, port: this.port, path: "/a?b=c", isAllowed: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }
}

/** An agent that finds a server under its host. */
function agentFor(
  resolve: ResolveHost = () => Promise.resolve(["127.0.0.1"]),
): HostAgent & Disposable {
  return disposable(new HostAgent({ resolve, ca: TEST_CA, idleMax: 10 }));
}

function disposable(agent: HostAgent): HostAgent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}
