/**
 * The real `main.ts` as Deno Deploy starts it: no arguments, no file to read or write, and the
 * variables that the host sets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { VARIABLES } from "../server/config.ts";
import { TestClient } from "./harness/client.ts";
import { makeToken } from "./harness/server_process.ts";
import { runTitan, TitanProcess } from "./harness/titan_process.ts";

const SECRET = "a secret of at least thirty-two bytes";

/** Starts it. The database without a name is in memory, so that nothing is left behind. */
function start(env: Readonly<Record<string, string>>): TitanProcess {
  const unset = Object.fromEntries(VARIABLES.map(({ name }) => [name, ""]));
  return new TitanProcess({
    dataDir: "",
    args: ["serve"],
    env,
    launch: () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--allow-net", "--allow-env", "main.ts"],
        cwd: fileURLToPath(new URL("../", import.meta.url)),
        env: { ...unset, NO_COLOR: "1", DENO_DEPLOY: "true", DENO_KV_DB_MODE: "memory", ...env },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }),
  });
}

Deno.test("main.ts serves on Deno Deploy without arguments, files and permissions", async () => {
  const env = { TITAN_JWT_SECRET: SECRET, PORT: "0", TITAN_HOST: "127.0.0.1" };
  await using titan = start(env);
  const ready = await titan.until(
    (out, err) => (out + err).split("\n").find((line) => line.includes('"ready"')),
    "the ready line",
  );
  const { url, store, path } = JSON.parse(ready);
  assert.equal(store, "shared");
  assert.equal(path, undefined);
  const enter = async (user: string) =>
    await TestClient.connect(url, { token: await makeToken("", SECRET, { user }) });
  await using bob = await enter("bob");
  await using alice = await enter("alice");
  const id = await alice.sendMessage("bob", "Hi from the edge");
  assert.deepEqual((await bob.received(1)).map(({ message }) => message), ["Hi from the edge"]);
  assert.equal((await alice.receiptOf(id)).state, "delivered");
  const away = await alice.sendMessage("alice", "A note");
  assert.equal((await alice.received(1)).at(-1)?.id, away);
  const push = { provider: "fcm", token: "t" };
  await bob.request("device.register", { device: "phone", platform: "android", push });
  await alice.sendMessage("bob", "Wake up");
  await titan.until((out, err) => (out + err).includes('"push logged"') || undefined, "a push");
  for (const page of ["healthz", "readyz"]) {
    const answer = await fetch(`${url}/${page}`);
    await answer.body?.cancel();
    assert.equal(answer.status, 200, page);
  }
  assert.ok(!titan.output().includes("NotCapable"), titan.output());
});

Deno.test("main.ts on Deno Deploy says that it needs a secret, and ends", async () => {
  await using titan = start({});
  const { code, stderr } = await titan.ended;
  assert.equal(code, 2);
  assert.match(stderr, /TITAN_JWT_SECRET must be set where TITAN_STORE is "shared"/);
});

Deno.test("titan doctor and trace do not look for a data directory where the store is shared", async () => {
  const env = { TITAN_STORE: "shared", TITAN_JWT_SECRET: SECRET };
  const run = (...args: string[]) => runTitan({ dataDir: "/nowhere", args, env });
  const doctor = await run("doctor", "--json");
  assert.equal(doctor.code, 0);
  assert.match(doctor.stdout, /It is shared and has no data directory/);
  assert.doesNotMatch(doctor.stdout, /nowhere/);
  for (const args of [["trace", "0".repeat(26)], ["doctor", "--device", "bob", "phone"]]) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 1);
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.match(stderr, /A shared store has no data directory/);
  }
});
