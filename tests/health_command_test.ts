/**
 * `titan health` as containers and scripts run it: a real process, its one line and its exit code.
 */
import assert from "node:assert/strict";
import { startServer } from "./harness/server_process.ts";
import { runTitan } from "./harness/titan_process.ts";

/** Asks, with the variables that the container of a server would have. */
async function health(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  const { code, stdout, stderr } = await runTitan({ dataDir, args: ["health", ...args], env });
  await Deno.remove(dataDir, { recursive: true });
  return { code, stdout, stderr };
}

Deno.test("titan health asks the server that the variables name, or --url", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  const server = await startServer({ dataDir, env: { TITAN_HOST: "0.0.0.0" } });
  const { port } = new URL(server.url);
  const env = { PORT: port, TITAN_HOST: "0.0.0.0" };
  // A container may be told of a proxy that does not reach what is in it.
  const proxy = "http://127.0.0.1:9";
  const [ready, proxied, live, named] = await Promise.all([
    health([], env),
    health([], { ...env, "http_proxy": proxy, HTTP_PROXY: proxy }),
    health(["--live"], env),
    health(["--url", `ws://127.0.0.1:${port}`]),
  ]);
  assert.deepEqual(ready, { code: 0, stdout: "ready\n", stderr: "" });
  assert.deepEqual(proxied, ready);
  assert.deepEqual(live, { code: 0, stdout: "ok\n", stderr: "" });
  assert.deepEqual(named, { code: 0, stdout: "ready\n", stderr: "" });
  await server[Symbol.asyncDispose]();
  const gone = await health([], env);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /^titan: No server answers at http:\/\/127\.0\.0\.1:\d+: .+\n$/);
});

Deno.test("titan health ends with 1 and says why where the server is not ready", async () => {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const isReadiness = new URL(request.url).pathname === "/readyz";
    return isReadiness
      ? new Response("not ready: draining\n", { status: 503 })
      : new Response(`${"x".repeat(5000)}\u001b[2J`, { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  assert.deepEqual(await health(["--url", url]), {
    code: 1,
    stdout: "",
    stderr: "titan: not ready: draining\n",
  });
  const stranger = await health(["--url", url, "--live"]);
  assert.deepEqual([stranger.code, stranger.stderr], [1, `titan: ${"x".repeat(200)}\n`]);
  await server.shutdown();
});

Deno.test("titan health refuses a URL that is none, and a port that nobody knows", async () => {
  const [none, unknown] = await Promise.all([
    health(["--url", "127.0.0.1:3000"]),
    health([], { PORT: "0" }),
  ]);
  assert.deepEqual([none.code, unknown.code], [2, 2]);
  assert.match(none.stderr, /^titan: Option --url must be as http:\/\/127\.0\.0\.1:3000: it is/);
  assert.equal(unknown.stderr, "titan: Option --url is needed where PORT is 0\n");
});
