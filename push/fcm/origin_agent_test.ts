import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { LocalHttps } from "./contract/local_https.ts";
import { OriginAgent } from "./origin_agent.ts";

Deno.test("OriginAgent connects to its origin, whatever a request says", async () => {
  await using local = await LocalHttps.open(({ path }, response) => response.end(path));
  const agent = new OriginAgent(local.origin, (host) => local.connect(host), { keepAlive: true });
  const sent = request("https://elsewhere.test/path", { agent }).end();
  const [response]: IncomingMessage[] = await once(sent, "response");
  assert.equal(response?.statusCode, 200);
  response?.resume();
  await agent.end();
});

Deno.test("OriginAgent.end() ends connections, also those that are only about to be", async () => {
  await using local = await LocalHttps.open(() => {});
  const agent = new OriginAgent(local.origin, (host) => local.connect(host), { keepAlive: true });
  assert.ok(!agent.hasEnded);
  const sent = request("https://elsewhere.test/path", { agent }).end();
  const failed = once(sent, "error");
  await agent.end();
  assert.ok(agent.hasEnded);
  await failed;
  await agent.end();
});

Deno.test("OriginAgent knows hosts as sockets do, and the port of https", () => {
  const seen: [string, number][] = [];
  const open = (origin: string) =>
    new OriginAgent(new URL(origin), (host, port) => {
      seen.push([host, port]);
      return connect({ host: "127.0.0.1", port: 1 }).on("error", () => {}).destroy();
    }, {}).createConnection();
  for (const origin of ["https://x.test", "https://[::1]:8443"]) open(origin);
  assert.deepEqual(seen, [["x.test", 443], ["::1", 8443]]);
});
