/**
 * A server that has no open file left for another connection.
 */
import assert from "node:assert/strict";
import { TestClient } from "../harness/client.ts";
import { LISTENERS } from "../harness/local_server.ts";
import { startServer } from "../harness/server_process.ts";

/** Enough for a start, and few enough for a test. */
const OPEN_FILES = 64;

/** The listener `ws` has to find out by itself, which takes it up to 20 s. */
const PATIENCE_MS = 30_000;

/** Asks until an answer comes. */
async function ask(url: string, ms: number): Promise<string> {
  const late = AbortSignal.timeout(ms);
  while (true) {
    late.throwIfAborted();
    try {
      const signal = AbortSignal.timeout(1000);
      return await (await fetch(new URL("/healthz", url), { signal })).text();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

for (const listener of LISTENERS) {
  Deno.test(`a server outlives that it has no open file left, as do its clients (${listener})`, async () => {
    await using server = await startServer({
      env: { TITAN_LISTENER: listener },
      launcher: ["env", "sh", "-c", `ulimit -n ${OPEN_FILES} && exec "$0" "$@"`],
    });
    const { hostname, port } = new URL(server.url);
    await using ann = await TestClient.connect(server.wsUrl, {
      token: await server.token("ann"),
    });
    const strangers: Deno.Conn[] = [];
    try {
      // Where the server does not listen at that moment, it has no file left. Who comes just as it
      // stops to listen is reset, sometimes before the address of the other end was asked for.
      while (strangers.length < 2 * OPEN_FILES) {
        strangers.push(await Deno.connect({ hostname, port: Number(port) }));
      }
    } catch (error) {
      const { ConnectionRefused, ConnectionReset, NotConnected } = Deno.errors;
      const isTurnedAway = [ConnectionRefused, ConnectionReset, NotConnected]
        .some((kind) => error instanceof kind);
      assert.ok(isTurnedAway, `${error}`);
    }
    await assert.rejects(ask(server.url, 1000), "the limit of open files limits nothing");
    for (const stranger of strangers) stranger.close();
    assert.equal(await ask(server.url, PATIENCE_MS), "ok\n");
    await server.logged("connections not taken");
    await ann.sendMessage("ann", "still here");
    assert.equal((await server.stop()).code, 0);
  });
}
