/**
 * The disk is full: senders are told to try again, the server lives, and nothing accepted is lost.
 * `long/disk_full_test.ts` has the disk stay full for longer than Deno KV's own sweep takes.
 */
import assert from "node:assert/strict";
import { TestClient } from "./harness/client.ts";
import { startServer } from "./harness/server_process.ts";
import { runTitan } from "./harness/titan_process.ts";
import { fillAndRecover } from "./crash/full_disk.ts";
import { testSeed } from "./crash/seeded.ts";
import { isRoot, SmallDisk } from "./crash/small_disk.ts";

const seed = testSeed();
const ignore = !await isRoot();
const needs = ignore ? " (left out: only root may mount a small disk)" : "";

Deno.test({
  name: `disk full - senders try again and nothing accepted is lost, seed ${seed}${needs}`,
  ignore,
  async fn() {
    const figures = await fillAndRecover({ seed, fullMs: 2000 });
    console.info(JSON.stringify({ seed, ...figures }));
  },
});

Deno.test({
  name: `disk full - a server does not start without room, says so and loses nothing${needs}`,
  ignore,
  async fn() {
    await using disk = await SmallDisk.mount(8);
    const { dataDir } = disk;
    {
      await using server = await startServer({ dataDir });
      const token = await server.token("alice");
      await using alice = await TestClient.connect(server.url, { token, acknowledge: false });
      await alice.sendMessage("alice", "kept");
      await server.stop("SIGKILL");
    }
    await disk.takeAll();
    const doctor = await runTitan({ dataDir, args: ["doctor"] });
    assert.equal(doctor.code, 1, doctor.stderr);
    assert.match(doctor.stdout, /\nWRONG {3}data directory: Cannot [^\n]*No space left/);

    const refused = await runTitan({ dataDir, args: ["serve"], env: { PORT: "0" } });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /^titan: Cannot [^\n]*(disk is full|No space left)[^\n]*\n$/);

    await disk.giveBack();
    await using server = await startServer({ dataDir });
    await using alice = await TestClient.connect(server.url, {
      token: await server.token("alice"),
    });
    assert.equal((await alice.received(1))[0]?.message, "kept");
  },
});

Deno.test({
  name: `disk full - a server that starts with little room delivers what waits${needs}`,
  ignore,
  async fn() {
    const count = 500;
    await using disk = await SmallDisk.mount(24);
    const { dataDir } = disk;
    {
      await using server = await startServer({ dataDir, env: { TITAN_SEND_RATE: "0" } });
      const token = await server.token("bob");
      await using _bob = await TestClient.connect(server.url, { token, acknowledge: false });
      await using alice = await TestClient.connect(server.url, {
        token: await server.token("alice"),
      });
      const batch = Array(20).fill({ to: "bob", message: "x".repeat(10_000) });
      for (let sent = 0; sent < count; sent += batch.length) {
        const { rejected } = await alice.sendMessages(batch);
        assert.deepEqual(rejected, []);
      }
      await server.stop("SIGKILL");
    }
    await disk.takeAll(16);
    await using server = await startServer({ dataDir });
    await using bob = await TestClient.connect(server.url, { token: await server.token("bob") });
    const ids = new Set((await bob.received(count)).map(({ id }) => id));
    assert.equal(ids.size, count);
    await bob.until(() => bob.empties > 0 || undefined, "to hear that nothing waits");
  },
});
