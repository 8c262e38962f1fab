/**
 * A server that has more to do than it can: what it turns away, and what it does nevertheless.
 */
import assert from "node:assert/strict";
import { Overload } from "../server/telemetry/mod.ts";
import { AnsweredError } from "./harness/client.ts";
import { LISTENERS, LocalServer } from "./harness/local_server.ts";

/** Lets 4 seconds pass in which the thread fares so. */
function fare(overload: Overload, delayMs: number, cores: number): void {
  for (let look = 0; look < 40; look++) overload.look({ delayMs, cores });
}

async function get(url: string, path: string): Promise<string> {
  const response = await fetch(new URL(path, url));
  return `${response.status} ${(await response.text()).trim()}`;
}

for (const listener of LISTENERS) {
  Deno.test(`an overloaded server refuses the new and keeps its word (${listener})`, async () => {
    const overload = new Overload();
    const env = { TITAN_ADMIN_PORT: "0" };
    await using server = await LocalServer.start({ listener, overload, env, store: "kv" });
    const ann = await server.enter("ann");
    const bob = await server.enter("bob", { acknowledge: false });
    await ann.sendMessage("bob", "before");

    fare(overload, 0, 1);
    await assert.rejects(server.enter("cay"), "somebody new was let in");
    assert.equal(await get(server.url, "/readyz"), "503 not ready: overloaded");
    await ann.sendMessage("bob", "of one who is here");

    fare(overload, 300, 1);
    const refused = await ann.sendMessage("bob", "too much").then(() => null, (error) => error);
    assert.ok(refused instanceof AnsweredError);
    assert.deepEqual([refused.data["name"], refused.data["retryable"]], ["busy", true]);
    assert.equal(refused.data["retryAfter"], 2);
    const metrics = await get(server.server.operatorUrl ?? "", "/metrics");
    assert.match(metrics, /^titan_overload 2$/m);
    assert.match(metrics, /^titan_sends_shed_total 1$/m);
    assert.match(metrics, /^titan_connections_refused_total\{reason="overloaded"\} 1$/m);
    // What was accepted is delivered and acknowledged all the same.
    await bob.received(2);
    for (const delivery of bob.deliveries) bob.acknowledge(delivery);
    assert.deepEqual(bob.messages.map(({ message }) => message), ["before", "of one who is here"]);

    fare(overload, 0, 0.5);
    assert.equal(await get(server.url, "/readyz"), "200 ready");
    await ann.sendMessage("bob", "after");
    await server.enter("cay");
    await bob.received(3);
  });
}
