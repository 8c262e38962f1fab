/**
 * People, from outside: signing in with an issuer, renewing and ending tokens, devices, leaving. The
 * issuer that stands for Google is a real one on loopback.
 */
import assert from "node:assert/strict";
import { LocalIssuer } from "./harness/local_issuer.ts";
import { FakeClock } from "../server/fake_clock.ts";
import { eventually } from "./harness/eventually.ts";
import { AnsweredError, type TestClient } from "./harness/client.ts";
import { LISTENERS, type LocalOptions, LocalServer } from "./harness/local_server.ts";

const AUDIENCE = "titan-app";
const ANN = { sub: "1001", email: "ann@example.org", name: "Ann 👩‍🚀" };

/** What an issuer sign-in in the object form answers. */
interface Arrived {
  readonly token: string;
  readonly expires: string;
  readonly refresh: string;
  readonly refreshExpires: string;
  readonly id: string;
  readonly device: string;
  readonly pending: number;
}

/** A server that takes the issuer for Google, and for another one called "acme". */
async function start(issuer: LocalIssuer, options: LocalOptions = {}): Promise<LocalServer> {
  const acme = { name: "acme", issuer: issuer.url, audience: [AUDIENCE, "other-app"] };
  return await LocalServer.start({
    ...options,
    env: {
      GOOGLE_CLIENT_ID: `some-other-app, ${AUDIENCE}`,
      TITAN_GOOGLE_ISSUER: issuer.url,
      TITAN_OIDC: JSON.stringify([acme]),
      ...options.env,
    },
  });
}

/** Runs a test on every listener and store. */
function everywhere(
  name: string,
  run: (server: LocalServer, issuer: LocalIssuer) => Promise<void>,
): void {
  for (const listener of LISTENERS) {
    for (const store of ["memory", "kv"] as const) {
      Deno.test(`${name} (${listener}, ${store})`, async () => {
        await using issuer = LocalIssuer.start({ algorithms: ["ES256"] });
        await using server = await start(issuer, { listener, store });
        await run(server, issuer);
      });
    }
  }
}

/** Whoever signs in after a logout has a token of after it; `iat` is in whole seconds. */
function later(who: object): object {
  return { ...who, iat: Math.ceil(Date.now() / 1000) + 1 };
}

/** Signs in with the issuer that stands for Google. */
async function arrive(client: TestClient, issuer: LocalIssuer, who: object, device: string) {
  const token = issuer.token({ ...who });
  return await client.request("auth.google", { token, device }) as Arrived;
}

/** The name and the reason of the error that a call is answered with. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => assert.fail("Expected an error"), (error) => error);
  assert.ok(error instanceof AnsweredError, String(error));
  return `${error.data["name"]} ${error.message.split(": ")[1] ?? ""}`.trim();
}

/** What a `POST /rpc` answers here. */
interface Posted {
  readonly result: Arrived & { readonly email: string };
  readonly error: {
    readonly data: Readonly<Record<string, unknown>> & { readonly retryAfter: number };
  };
}

/** Asks by `POST /rpc`. */
async function post(
  server: LocalServer,
  method: string,
  params: object,
  token?: string,
): Promise<Posted> {
  const response = await fetch(`${server.url}/rpc`, {
    method: "POST",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return await response.json();
}

everywhere(
  "auth.google signs in as the ancestors' clients do, and its token later",
  async (server, issuer) => {
    await using client = await server.connect();
    const answer = await client.request("auth.google", { token: issuer.token(ANN) }) as Arrived;
    const { token, ...rest } = answer;
    const { sub: _, ...said } = ANN;
    assert.deepEqual(rest, { id: "google:1001", ...said, picture: "" });
    await using again = await server.connect({ token });
    assert.equal(again.welcome?.user, "google:1001");
    await using bob = await server.enter("bob");
    await bob.sendMessage("GOOGLE:1001", "Hello 👋");
    const [message] = await again.received(1);
    assert.equal(message?.message, "Hello 👋");
  },
);

everywhere("auth.google of two devices at once makes one user", async (server, issuer) => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => server.connect()));
  const arrived = await Promise.all(
    clients.map((client, index) => arrive(client, issuer, ANN, `d${index}`)),
  );
  assert.deepEqual(new Set(arrived.map(({ id }) => id)), new Set(["google:1001"]));
  assert.equal(server.log.of("user registered").length, 1);
  assert.deepEqual(await server.store.users.withEmail("ann@example.org", 10), ["google:1001"]);
  const { devices } = await clients[0]?.request("device.list") as { devices: object[] };
  assert.equal(devices.length, 6);
});

everywhere(
  "auth.oidc takes the tokens of a configured issuer, and names no other",
  async (server, issuer) => {
    await using client = await server.connect();
    const token = issuer.token({ sub: "Case-Sensitive", aud: "other-app" });
    const answer = await client.request("auth.oidc", { issuer: "acme", token, device: "d" });
    assert.match((answer as Arrived).id, /^acme:#[0-9a-f]{64}$/);
    await using other = await server.connect();
    const call = other.request("auth.oidc", { issuer: "nobody", token });
    assert.match(await refusal(call), /^not_configured/);
  },
);

everywhere("POST /rpc signs in with Google, and the token works there", async (server, issuer) => {
  const params = { token: issuer.token(ANN), device: "web" };
  const { result } = await post(server, "auth.google", params);
  const me = await post(server, "user.me", {}, result.token);
  assert.deepEqual([me.result.id, me.result.email], ["google:1001", "ann@example.org"]);
  const { result: next } = await post(server, "auth.refresh", { refresh: result.refresh });
  assert.equal((await post(server, "auth.logout", {}, next.token)).result, "ACK");
  const { error } = await post(server, "user.me", {}, next.token);
  assert.equal(error.data.name, "bad_credential");
});

everywhere(
  "auth.refresh renews, and a used token ends the session within a second",
  async (server, issuer) => {
    await using live = await server.connect();
    const first = await arrive(live, issuer, ANN, "phone");
    await using client = await server.connect();
    const next = await client.request("auth.refresh", { refresh: first.refresh }) as Arrived;
    assert.ok(live.isOpen);
    const reused = client.request("auth.refresh", { refresh: first.refresh });
    assert.equal(await refusal(reused), "bad_credential reused");
    const before = performance.now();
    assert.equal((await live.closed).code, 4401);
    assert.ok(performance.now() - before < 1000);
    const family = client.request("auth.refresh", { refresh: next.refresh });
    assert.equal(await refusal(family), "bad_credential revoked");
    const connecting = server.connect({ token: next.token });
    assert.equal(await refusal(connecting), "bad_credential revoked");
  },
);

everywhere(
  "auth.logoutAll reaches every connection within a second, and the next sign-in works",
  async (server, issuer) => {
    const clients = [await server.connect(), await server.connect(), await server.connect()];
    for (const [index, client] of clients.entries()) {
      await arrive(client, issuer, ANN, `d${index}`);
    }
    const start = performance.now();
    assert.equal(await clients[0]?.request("auth.logoutAll"), "ACK");
    const codes = (await Promise.all(clients.map(({ closed }) => closed))).map(({ code }) => code);
    assert.deepEqual(codes, [4401, 4401, 4401]);
    assert.ok(performance.now() - start < 1000);
    await using again = await server.connect();
    assert.equal((await arrive(again, issuer, later(ANN), "d0")).id, "google:1001");
  },
);

everywhere(
  "an eleventh device is refused, and the error names the one that was away longest",
  async (server, issuer) => {
    for (let i = 0; i < 10; i++) {
      await using client = await server.connect();
      await arrive(client, issuer, ANN, `d${i}`);
    }
    await using client = await server.connect();
    const call = arrive(client, issuer, ANN, "d10");
    const error = await call.then(() => assert.fail("Expected an error"), (error) => error);
    assert.deepEqual([error.data.name, error.data.oldest], ["too_many_devices", "d0"]);
  },
);

everywhere("a push token that registers elsewhere moves there", async (server, issuer) => {
  await using ann = await server.connect();
  await arrive(ann, issuer, ANN, "phone");
  await using bob = await server.enter("bob");
  const push = { provider: "fcm", token: "the-token" };
  await ann.request("device.register", { platform: "android", push });
  await bob.request("device.register", { platform: "android", push });
  const pushOf = async (client: TestClient) => {
    const { devices } = await client.request("device.list") as { devices: { push?: string }[] };
    return devices.map(({ push }) => push);
  };
  assert.deepEqual([await pushOf(ann), await pushOf(bob)], [[undefined], ["fcm"]]);
});

everywhere(
  "user.delete leaves nothing, and the next sign-in begins anew",
  async (server, issuer) => {
    await using ann = await server.connect();
    const { token } = await arrive(ann, issuer, ANN, "phone");
    await using bob = await server.enter("bob");
    await ann.request("device.register", {
      platform: "android",
      push: { provider: "fcm", token: "the-token" },
    });
    await ann.request("user.update", { name: "Somebody else" });
    assert.equal(await ann.request("user.delete"), "ACK");
    assert.equal((await ann.closed).code, 4410);
    const sending = bob.request("msg.send", [{ to: "google:1001", message: "hi" }]);
    assert.equal(await refusal(sending), "unknown_receiver");
    assert.equal(await refusal(server.connect({ token })), "bad_credential revoked");
    assert.deepEqual(await server.store.users.withEmail("ann@example.org", 10), []);
    await using again = await server.connect();
    const anew = await arrive(again, issuer, later(ANN), "tablet");
    const page = await again.request("user.export") as {
      user: { name: string };
      devices: object[];
    };
    assert.deepEqual([page.user.name, page.devices.length, anew.pending], [ANN.name, 1, 0]);
  },
);

Deno.test("auth.google refuses every wrong token with its reason, closes 4401, and locks out", async () => {
  await using issuer = LocalIssuer.start({ algorithms: ["ES256"] });
  const wrong: [string, string][] = [
    ["wrong_audience", issuer.token({ ...ANN, aud: "somebody-else" })],
    ["wrong_issuer", issuer.token({ ...ANN, iss: "https://accounts.example.org" })],
    ["wrong_algorithm", issuer.token(ANN, { alg: "none" })],
    ["expired", issuer.token({ ...ANN, exp: 1000 })],
    ["unverified_email", issuer.token({ ...ANN, email_verified: false })],
    ["no_subject", issuer.token({ ...ANN, sub: undefined })],
    ["unknown_key", issuer.token(ANN, { kid: "another" })],
  ];
  for (const [reason, token] of wrong) {
    // Each with a server of its own: five failures of one account are enough.
    await using server = await start(issuer);
    await using client = await server.connect();
    const call = client.request("auth.google", { token });
    assert.equal(await refusal(call), `bad_credential ${reason}`);
    assert.equal((await client.closed).code, 4401);
  }
  await using server = await start(issuer);
  const [, token = ""] = wrong[0] ?? [];
  for (let failures = 0; failures < 5; failures++) {
    assert.equal((await post(server, "auth.google", { token })).error.data.name, "bad_credential");
  }
  const { error } = await post(server, "auth.google", { token: issuer.token(ANN) });
  assert.equal(error.data.name, "rate_limited");
  assert.ok(error.data.retryAfter > 50);
});

Deno.test("a device that was away for 90 days is dropped with its cursor, one that is here is not", async () => {
  await using issuer = LocalIssuer.start({ algorithms: ["ES256"] });
  const clock = new FakeClock(Date.now());
  await using server = await start(issuer, { clock, store: "kv" });
  await using here = await server.connect();
  await arrive(here, issuer, ANN, "here");
  await using away = await server.connect();
  await arrive(away, issuer, ANN, "away");
  await away.close();
  clock.advance(91 * 24 * 3600 * 1000);
  const ids = async () => (await server.store.devices.list("google:1001")).map(({ id }) => id);
  await eventually(async () => {
    // Devices are looked through every hour.
    clock.advance(3600 * 1000);
    assert.deepEqual(await ids(), ["here"]);
  }, "the device to go");
  const state = await server.store.mailboxes.inspect("google:1001");
  assert.deepEqual([...state?.cursors.keys() ?? []], ["here"]);
  assert.ok(here.isOpen);
});

Deno.test("auth.google outlives Google: known keys work while it is away, a stranger must wait", async () => {
  await using issuer = LocalIssuer.start({ algorithms: ["ES256"] });
  await using server = await start(issuer);
  assert.ok((await post(server, "auth.google", { token: issuer.token(ANN) })).result.token);
  await issuer.down();
  assert.ok((await post(server, "auth.google", { token: issuer.token(ANN) })).result.token);
  await using other = await start(issuer);
  const { error } = await post(other, "auth.google", { token: issuer.token(ANN) });
  assert.deepEqual([error.data.name, error.data.retryable], ["issuer_unavailable", true]);
});
