/**
 * I8: no message text, token, key or push token is ever logged. A server lives a whole life with
 * secrets everywhere they can be, right and wrong; then everything that it wrote is searched.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "./harness/eventually.ts";
import { TestClient } from "./harness/client.ts";
import { LISTENERS } from "./harness/local_server.ts";
import { RawSocket } from "./harness/raw_socket.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";
import { runTitan, TitanProcess } from "./harness/titan_process.ts";

/** What must not be found; made anew for each run, and unlike anything else. */
class Secrets {
  readonly #texts: string[] = [];

  /** A new secret, of 48 letters and digits. */
  make(): string {
    return this.keep(crypto.getRandomValues(new Uint8Array(24)).toHex());
  }

  /** Something that somebody else made. */
  keep(text: string): string {
    this.#texts.push(text);
    return text;
  }

  /** Secrets, or a good part of one, that a text holds, in whatever of the usual forms. */
  foundIn(text: string): readonly string[] {
    return this.#texts.filter((secret) => formsOf(secret).some((form) => text.includes(form)));
  }
}

/** As it is, as others write it, and pieces from which the rest could be guessed. */
function formsOf(secret: string): readonly string[] {
  const middle = Math.floor(secret.length / 2) - 10;
  const pieces = [secret.slice(0, 20), secret.slice(middle, middle + 20), secret.slice(-20)];
  return [btoa(secret), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...pieces];
}

/** A refusal is what is wanted here as often as not. */
async function tried(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}

/** Everything that two people and strangers do, with secrets in all of it. */
async function live(server: ServerProcess, secrets: Secrets): Promise<void> {
  const tokens = await Promise.all(["ann", "bob"].map((user) => server.token(user)));
  const [annToken = "", bobToken = ""] = tokens.map((token) => secrets.keep(token));
  await using ann = await TestClient.connect(server.url, { token: annToken });
  await using bob = await TestClient.connect(server.url, { token: bobToken, acknowledge: false });
  await ann.sendMessage("bob", secrets.make());
  await bob.received(1);
  const refusal = { code: -1, message: secrets.make() };
  bob.send({ jsonrpc: "2.0", id: bob.deliveries[0]?.id, error: refusal });
  await tried(ann.sendMessage("nobody", secrets.make()));
  await tried(ann.sendMessage("bob", secrets.make(), { cid: `${secrets.make()} with blanks` }));
  await tried(ann.request("msg.send", { messages: secrets.make() }));
  await tried(ann.request(secrets.make(), { text: secrets.make() }));
  const push = { provider: "fcm", token: secrets.make() };
  await tried(ann.request("device.register", { platform: "android", push }));
  await tried(ann.request("device.register", { platform: "ios", push: secrets.make() }));
  await ann.request("push.received", { nonce: secrets.make() });
  await tried(ann.request("user.update", { picture: `https://x.example/?${secrets.make()}` }));
  await tried(ann.request("auth.refresh", { token: secrets.make() }));
  await beStrange(server, secrets, annToken);
}

/** What looks like a token of the issuer that nobody reaches, so that its keys are asked for. */
function idToken(secrets: Secrets): string {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const email = `${secrets.make()}@x.example`;
  const claims = { iss: "https://127.0.0.1:9", aud: "a", sub: secrets.make(), email, exp };
  const parts = [{ alg: "RS256", kid: secrets.make() }, claims].map((part) =>
    new TextEncoder().encode(JSON.stringify(part)).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    })
  );
  return secrets.keep([...parts, secrets.make()].join("."));
}

/** What strangers try. */
async function beStrange(server: ServerProcess, secrets: Secrets, good: string): Promise<void> {
  const { url } = server;
  const [head = "", body = ""] = good.split(".");
  const forged = secrets.keep(`${head}.${body}.${secrets.make()}`);
  for (const token of [secrets.make(), forged]) {
    await tried(TestClient.connect(url, { token }));
    await tried(TestClient.connect(url, { headers: { authorization: `Bearer ${token}` } }));
    await tried(TestClient.connect(url, { protocols: ["titan", `bearer.${token}`] }));
    const headers = { authorization: `Bearer ${token}` };
    const text = JSON.stringify({ id: 1, method: "ping", params: { text: secrets.make() } });
    await (await fetch(`${url}/rpc`, { method: "POST", headers, body: text })).text();
    await (await fetch(`${url}/metrics?${secrets.make()}`, { headers })).text();
  }
  for (const method of ["auth.google", "auth.oidc"]) {
    await using client = await TestClient.connect(url);
    await tried(client.request(method, { issuer: "acme", token: idToken(secrets) }));
  }
  await (await fetch(`${url}/${secrets.make()}?token=${secrets.make()}`)).text();
  for (const text of [secrets.make(), `{"jsonrpc":"2.0","method":"${secrets.make()}"`]) {
    await using socket = await RawSocket.open(url);
    socket.text(text);
    await tried(socket.json());
  }
}

for (const listener of LISTENERS) {
  for (const [end, signal] of [["a stop", "SIGTERM"], ["a fault", "SIGUSR1"]] as const) {
    Deno.test(`titan serve logs no secret in all its life, up to ${end} (${listener})`, async () => {
      const secrets = new Secrets();
      await using server = await startServer({
        env: {
          TITAN_LISTENER: listener,
          TITAN_JWT_SECRET: secrets.make(),
          TITAN_ADMIN_TOKEN: secrets.make(),
          TITAN_OIDC: '[{"name":"acme","issuer":"https://127.0.0.1:9","audience":"a"}]',
        },
        denoArgs: ["--preload=tests/harness/fault_on_signal.ts"],
      });
      await live(server, secrets);
      await server.stop(signal);
      const output = server.output();
      for (const event of ["signed in", "sign-in refused", "issuer keys not fetched"]) {
        assert.ok(output.includes(`"${event}"`), `"${event}" was not logged`);
      }
      assert.deepEqual(secrets.foundIn(output), []);
    });
  }
}

Deno.test("titan says what is wrong with a configuration, and no secret in it", async () => {
  const secrets = new Secrets();
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  const env = {
    TITAN_ADMIN_TOKEN: `${secrets.make()} with a blank`,
    TITAN_JWT_SECRET: `,${secrets.make()}`,
    TITAN_JWT_KEYS: `{"kty":"oct","k":"${secrets.make()}"}`,
    TITAN_OIDC: `[{"name":"${secrets.make()}"}]`,
    TITAN_APNS_KEY: `-----BEGIN PRIVATE KEY-----${secrets.make()}`,
    TITAN_VAPID_PRIVATE: secrets.make(),
    TITAN_APNS_URL: `https://user:${secrets.make()}@x.example`,
  };
  const { code, stdout, stderr } = await runTitan({ dataDir, args: ["serve"], env });
  await Deno.remove(dataDir, { recursive: true });
  assert.equal(code, 2);
  for (const name of Object.keys(env)) assert.ok(stderr.includes(name), `${name}: ${stderr}`);
  assert.deepEqual(secrets.foundIn(stdout + stderr), []);
});

Deno.test("Secrets.foundIn() finds a secret however it is written, and a good part of one", () => {
  const secrets = new Secrets();
  const secret = secrets.make();
  assert.deepEqual(secrets.foundIn("nothing"), []);
  for (
    const text of [secret, `"${secret.slice(0, 25)}...`, btoa(secret), `x${secret.slice(-22)}`]
  ) {
    assert.deepEqual(secrets.foundIn(`some ${text} text`), [secret]);
  }
});

Deno.test("titan serve leaves out what matters less than TITAN_LOG_LEVEL", async () => {
  for (
    const [level, expected] of [["warning", /^[^\n]*"unknown variable"[^\n]*\n$/], [
      "error",
      /^$/,
    ]] as const
  ) {
    const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
    const env = { PORT: "0", TITAN_LOG: "json", TITAN_LOG_LEVEL: level, TITAN_STRANGE: "1" };
    await using titan = new TitanProcess({ dataDir, args: ["serve"], env });
    // It does not say that it is ready.
    await eventually(() => Deno.lstat(join(dataDir, "operator.sock")), "a server that is ready");
    const { code, stdout, stderr } = await titan.stop();
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(stderr, expected);
    await Deno.remove(dataDir, { recursive: true });
  }
});
