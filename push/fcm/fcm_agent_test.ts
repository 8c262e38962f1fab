import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { LocalHttps } from "./contract/local_https.ts";
import { FcmAgent } from "./fcm_agent.ts";

const REFUSED = "Cannot make a request: the push has had its own";

function agentTo(local: LocalHttps): FcmAgent {
  return new FcmAgent(local.origin, (host) => local.connect(host));
}

/** Makes a request as `firebase-admin` does. */
async function post(agent: FcmAgent): Promise<IncomingMessage> {
  const sent = request("https://fcm.googleapis.com/v1/send", { method: "POST", agent });
  sent.end("{}");
  const [response] = await once(sent, "response");
  response.resume();
  return response;
}

Deno.test("FcmAgent sends to its origin, by its name", async () => {
  const seen: unknown[] = [];
  await using local = await LocalHttps.open(({ path, headers }, response) => {
    seen.push([headers.host, path]);
    response.end("{}");
  });
  const agent = agentTo(local);
  const exchange = agent.begin();
  const response = await post(agent);
  assert.equal(response.statusCode, 200);
  assert.equal(exchange.status, 200);
  assert.deepEqual(seen, [[local.origin.host, "/v1/send"]]);
  await agent.end();
});

Deno.test("FcmAgent makes one request a push, and keeps its Retry-After to itself", async () => {
  let count = 0;
  await using local = await LocalHttps.open((_request, response) => {
    count++;
    response.writeHead(503, { "retry-after": "30" }).end("{}");
  });
  const agent = agentTo(local);
  const exchange = agent.begin();
  const response = await post(agent);
  assert.equal(response.headers["retry-after"], undefined);
  assert.deepEqual([exchange.status, exchange.retryAfter], [503, "30"]);
  await assert.rejects(post(agent), (error) => {
    // With a code `firebase-admin` might repeat it in its turn.
    return error instanceof Error && error.message === REFUSED && !("code" in error);
  });
  assert.equal(count, 1);
  agent.begin();
  await post(agent);
  assert.equal(count, 2);
  await agent.end();
});

// Deno would send it anew by itself (denoland/deno#36786).
Deno.test("FcmAgent makes a request once whose kept connection ends", async () => {
  let count = 0;
  await using local = await LocalHttps.open((_request, response) => {
    if (++count === 2) response.socket?.destroy();
    else response.end("{}");
  });
  const agent = agentTo(local);
  agent.begin();
  await once(await post(agent), "close");
  agent.begin();
  await assert.rejects(post(agent), { code: "ECONNRESET" });
  assert.equal(count, 2);
  await assert.rejects(post(agent), { message: REFUSED });
  agent.begin();
  await post(agent);
  assert.equal(count, 3);
  await agent.end();
});

Deno.test("FcmAgent tells that an answer was cut off", async () => {
  await using local = await LocalHttps.open((_request, response) => {
    response.writeHead(200, { "content-length": "9" }).write("x", () => response.socket?.end());
  });
  const agent = agentTo(local);
  const exchange = agent.begin();
  (await post(agent)).on("error", () => {});
  await assert.rejects(exchange.lost, { message: "Answer is cut off" });
  assert.ok(exchange.isCutOff);
  await agent.end();
});

Deno.test("FcmAgent makes no request any more when it has ended", async () => {
  await using local = await LocalHttps.open((_request, response) => response.end("{}"));
  const agent = agentTo(local);
  await agent.end();
  agent.begin();
  await assert.rejects(post(agent), { message: REFUSED });
  assert.equal(local.connections, 0);
});
