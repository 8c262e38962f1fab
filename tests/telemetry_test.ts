/**
 * What a running server says of itself, to operators and to strangers.
 */
import assert from "node:assert/strict";
import { TestClient } from "./harness/client.ts";
import { eventually } from "./harness/eventually.ts";
import { LISTENERS, LocalServer } from "./harness/local_server.ts";
import { startServer } from "./harness/server_process.ts";

const TOKEN = "a-token-that-only-operators-have-0123";

/** The figures of a server, by name; labels stay part of the name. */
async function figuresOf(url: string, token?: string): Promise<ReadonlyMap<string, number>> {
  const headers: Record<string, string> = token === undefined
    ? {}
    : { authorization: `Bearer ${token}` };
  const response = await fetch(new URL("/metrics", url), { headers });
  assert.equal(response.status, 200);
  const lines = (await response.text()).split("\n").filter((line) => /^[a-z]/.test(line));
  return new Map(lines.map((line) => {
    const [name = "", value = ""] = line.split(/ (?=\S+$)/);
    return [name, Number(value)];
  }));
}

for (const listener of LISTENERS) {
  Deno.test(`a conversation is seen in the metrics (${listener})`, async () => {
    const env = { TITAN_ADMIN_PORT: "0", TITAN_ADMIN_TOKEN: TOKEN };
    await using server = await LocalServer.start({ listener, env, store: "kv" });
    const url = server.server.operatorUrl ?? "";
    const ann = await server.enter("ann");
    const bob = await server.enter("bob");
    for (let n = 0; n < 20; n++) await ann.sendMessage("bob", `hi ${n}`);
    await bob.received(20);
    await assert.rejects(ann.sendMessage("nobody", "hi"));
    await ann.close();
    await eventually(async () => {
      const figures = await figuresOf(url);
      const of = (name: string) => figures.get(name) ?? NaN;
      assert.equal(of("titan_connections"), 1);
      assert.equal(of("titan_users_connected"), 1);
      assert.equal(of("titan_connections_opened_total"), 2);
      assert.equal(of('titan_connections_closed_total{code="0"}'), 1);
      assert.equal(of("titan_messages_accepted_total"), 20);
      assert.equal(of("titan_messages_sent_total"), 20);
      assert.equal(of("titan_messages_delivered_total"), 20);
      assert.equal(of("titan_ack_seconds_count"), 20);
      assert.equal(of("titan_delivery_seconds_count"), 20);
      assert.ok(of("titan_delivery_seconds_sum") < 20 * 5);
      // Two sign-ins and 21 sends, of which one was refused within its result.
      assert.equal(of("titan_requests_total"), 23);
      assert.equal(of("titan_responses_total"), 23);
      assert.ok(of("titan_commit_seconds_count") > 0);
      assert.ok(of("titan_commit_bytes_sum") > 20 * 50);
      assert.equal(of("titan_commits_refused_total"), 0);
      assert.ok(of("titan_memory_rss_bytes") > 1e6);
    }, "the figures");
    // The same to strangers with the token, and nothing without.
    assert.equal((await figuresOf(server.url, TOKEN)).get("titan_connections"), 1);
    const stranger = await fetch(new URL("/metrics", server.url));
    assert.equal(stranger.status, 401);
    await stranger.body?.cancel();
    // What operators reach is no way in.
    await assert.rejects(TestClient.connect(url));
  });
}

Deno.test("titan serve shows figures on the operators' port and says where that is", async () => {
  await using server = await startServer({ env: { TITAN_ADMIN_PORT: "0" } });
  const { url } = await server.logged("operators' listener ready");
  const vars = async () => await (await fetch(new URL("/debug/vars", String(url)))).json();
  const figures = await figuresOf(String(url));
  assert.equal(figures.get("titan_draining"), 0);
  // The permissions of a server let it see what its thread takes.
  await eventually(async () => {
    const { titan_event_loop_cores: cores } = await vars();
    assert.ok(cores > 0 && cores <= 1, `${cores}`);
  }, "the time of the thread");
  assert.equal((await vars()).titan_connections, 0);
  for (const path of ["/metrics", "/debug/vars"]) {
    const hidden = await fetch(new URL(path, server.url));
    assert.equal(hidden.status, 404);
    await hidden.body?.cancel();
  }
  assert.equal((await server.stop()).code, 0);
});
