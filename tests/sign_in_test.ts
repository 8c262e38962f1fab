/**
 * Signing in, as a client of the running server sees it (DESIGN §3.2, §3.3, §3.4, §4).
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import {
  ACCOUNT_FAILURES_MAX,
  ACCOUNT_FAILURES_MS,
  ADDRESS_FAILURES_MAX,
  DEVICES_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_SECONDS,
  MESSAGE_TEXT_BYTES_MAX,
  SEND_MESSAGES_MAX,
  SIGN_IN_MS_MAX,
  TTL_SECONDS_MAX,
  WINDOW_MESSAGES_DEFAULT,
} from "../limits.ts";
import { RPC_ERRORS } from "../rpc/mod.ts";
import { CLOSE } from "../server/close_code.ts";
import { FakeClock } from "../server/fake_clock.ts";
import { AnsweredError, type ClientOptions } from "./harness/client.ts";
import { type LocalServer, SECRET, testOnBoth } from "./harness/local_server.ts";
import { RefusedUpgrade } from "./harness/raw_socket.ts";

const PROXY = { TITAN_TRUST_PROXY: "127.0.0.1" };

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token made by hand, so that it can be wrong. */
function forge(claims: object, header: object = { alg: "HS256" }, secret = SECRET): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function refusal(server: LocalServer, token: string, options: ClientOptions = {}) {
  const client = await server.connect(options);
  const error = await client.signIn(token).then(() => assert.fail("signed in"), (error) => error);
  assert.ok(error instanceof AnsweredError, String(error));
  return { error, client };
}

async function refusedUpgrade(promise: Promise<unknown>): Promise<RefusedUpgrade> {
  const error = await promise.then(() => assert.fail("upgraded"), (error) => error);
  assert.ok(error instanceof RefusedUpgrade, String(error));
  return error;
}

testOnBoth("sign-in - with any member but the token it answers an object", {}, async (server) => {
  const client = await server.connect();
  const token = await server.token("Ann");
  const welcome = await client.request("auth.jwt", { token, device: "phone", window: 9 });
  assert.deepEqual(welcome, {
    user: "ann",
    device: "phone",
    pending: 0,
    window: 9,
    limits: {
      messageBytes: MESSAGE_TEXT_BYTES_MAX,
      frameBytes: FRAME_BYTES_MAX,
      sendMessages: SEND_MESSAGES_MAX,
      ttlSeconds: TTL_SECONDS_MAX,
      devices: DEVICES_MAX,
    },
    heartbeat: HEARTBEAT_SECONDS,
    epoch: "memory",
  });
  const by = async (params: unknown) => await (await server.connect()).request("auth.jwt", params);
  assert.equal(await by({ token }), "ACK");
  assert.equal(await by([token]), "ACK");
  for (const more of [{ receipts: false }, { window: 1 }, { device: "default" }]) {
    assert.equal(((await by({ token, ...more })) as { user: string }).user, "ann");
  }
});

testOnBoth(
  "sign-in - the first frames need not wait for its answer",
  { store: "kv" },
  async (server) => {
    const token = await server.token("ann");
    const socket = await server.raw();
    socket.text({ id: "in", method: "auth.jwt", params: { token, receipts: true } });
    socket.text({ id: "send", method: "msg.send", params: [{ to: "ann", message: "pipelined" }] });
    socket.text({ id: "echo", method: "echo", params: ["hi"] });
    assert.equal((await socket.json()).result.user, "ann");
    const heard = [];
    for (let n = 0; n < 4; n++) heard.push(await socket.json());
    assert.equal(heard.find(({ id }) => id === "send").result, "ACK");
    assert.deepEqual(heard.find(({ id }) => id === "echo").result, ["hi"]);
    const recv = heard.find(({ method }) => method === "msg.recv");
    assert.equal(recv.params[0].message, "pipelined");
  },
);

testOnBoth(
  "sign-in - who has not signed in may do nothing that needs a user",
  {},
  async (server) => {
    const client = await server.connect();
    const unauthenticated = { name: "AnsweredError", code: RPC_ERRORS.unauthenticated.code };
    for (
      const [method, params] of [["echo", {}], ["msg.send", [{ to: "ann", message: "hi" }]], [
        "msg.send",
        null,
      ]] as const
    ) {
      await assert.rejects(client.request(method, params), unauthenticated);
    }
    const document = await client.request("rpc.discover") as { methods: { name: string }[] };
    const names = document.methods.map(({ name }) => name);
    for (const name of ["auth.jwt", "echo", "msg.send", "rpc.discover"]) {
      assert.ok(names.includes(name), name);
    }
  },
);

testOnBoth("sign-in - an invalid token gets an error and then 4401", {}, async (server) => {
  const now = Math.floor(Date.now() / 1000);
  // Each of another account, since one may fail only so often.
  let accounts = 0;
  const good = (claims = {}) => ({ sub: `ann-${++accounts}`, exp: now + 60, ...claims });
  const other = new TextEncoder().encode("another secret of thirty-two bytes");
  const tokens = [
    "",
    "no token",
    "a.b.c",
    forge(good(), { alg: "HS256" }, other),
    forge(good(), { alg: "HS512" }),
    forge(good({ exp: now - 1 })),
    forge(good({ exp: undefined })),
    forge({ exp: now + 60 }),
    forge(good({ sub: "echo" })),
    forge(good({ sub: "a b" })),
    forge(good({ nbf: now + 600 })),
    forge(good({ did: "" })),
    `${part({ alg: "none" })}.${part(good())}.`,
    `${part({ alg: "None", typ: "JWT" })}.${part(good())}.`,
    `${part({ alg: "none" })}.${part(good())}.${forge(good()).split(".")[2]}`,
  ];
  for (const token of tokens) {
    const { error, client } = await refusal(server, token, { device: "d" });
    assert.equal(error.code, RPC_ERRORS.bad_credential.code, token);
    assert.deepEqual(await client.closed, { ...CLOSE.badCredential });
  }
  assert.deepEqual(await server.store.users.list("", 10), []);
  const [line] = server.log.of("sign-in refused");
  assert.equal(line?.level, "warn");
});

testOnBoth("sign-in - tokens of the ancestors are understood", {}, async (server) => {
  const created = Math.floor(Date.now() / 1000);
  const client = await server.connect();
  assert.equal((await client.signIn(forge({ userid: "Ann", created }))).user, "ann");
});

testOnBoth("sign-in - a token of one device speaks for no other", {}, async (server) => {
  const token = await server.token("ann", { device: "phone" });
  const phone = await server.connect({ token });
  assert.equal(phone.welcome?.device, "phone");
  const { error } = await refusal(server, token, { device: "laptop" });
  assert.equal(error.code, RPC_ERRORS.forbidden.code);
  const { status } = await refusedUpgrade(
    server.raw({ path: "/?device=laptop", headers: { authorization: `Bearer ${token}` } }),
  );
  assert.equal(status, 403);
  await phone.request("echo", {});
});

testOnBoth("sign-in - a connection stays whose it is", {}, async (server) => {
  const ann = await server.enter("ann");
  await assert.rejects(ann.signIn(await server.token("bob")), { code: RPC_ERRORS.forbidden.code });
  const id = await ann.sendMessage("ann", "still me");
  assert.equal((await ann.received(1))[0]?.id, id);
});

testOnBoth(
  "sign-in - nobody who says nothing stays longer than 10 s",
  () => ({ clock: new FakeClock() }),
  async (server) => {
    const clock = server.clock as FakeClock;
    const [mute, talks] = [await server.connect(), await server.connect()];
    await talks.request("ping");
    const ann = await server.enter("ann");
    clock.advance(SIGN_IN_MS_MAX - 1);
    await talks.request("ping");
    clock.advance(1000);
    for (const client of [mute, talks]) {
      assert.deepEqual(await client.closed, { ...CLOSE.signInLate });
    }
    await ann.request("echo", {});
  },
);

testOnBoth(
  "sign-in - an account waits after its failures, at that address, and is told how long",
  () => ({ clock: new FakeClock(), env: PROXY }),
  async (server) => {
    const clock = server.clock as FakeClock;
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    const good = await server.token("ann");
    const bad = forge(
      { sub: "ann", exp: clock.now() / 1000 + 60 },
      { alg: "HS256" },
      new Uint8Array(32),
    );
    for (let n = 0; n < ACCOUNT_FAILURES_MAX; n++) {
      const { error, client } = await refusal(server, bad, from("198.51.100.1"));
      assert.equal(error.code, RPC_ERRORS.bad_credential.code);
      assert.deepEqual(await client.closed, { ...CLOSE.badCredential });
    }
    const { error, client } = await refusal(server, good, from("198.51.100.1"));
    assert.equal(error.code, RPC_ERRORS.rate_limited.code);
    assert.equal(error.data["retryAfter"], ACCOUNT_FAILURES_MS / 1000);
    assert.deepEqual(await client.closed, { ...CLOSE.tooManyFailures });
    // Nobody else is kept out, and neither is the account elsewhere.
    await server.connect({ token: good, ...from("198.51.100.2") });
    await server.connect({ token: await server.token("bob"), ...from("198.51.100.1") });
    clock.advance(ACCOUNT_FAILURES_MS);
    await server.connect({ token: good, ...from("198.51.100.1") });
  },
);

testOnBoth(
  "sign-in - an address waits after its failures, whatever accounts they were of",
  () => ({ clock: new FakeClock(), env: PROXY }),
  async (server) => {
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    for (let n = 0; n < ADDRESS_FAILURES_MAX; n++) {
      const { error } = await refusal(server, `not.a.token-${n}`, from("198.51.100.1"));
      assert.equal(error.code, RPC_ERRORS.bad_credential.code);
    }
    const token = await server.token("ann");
    const { error } = await refusal(server, token, from("198.51.100.1"));
    assert.equal(error.code, RPC_ERRORS.rate_limited.code);
    const headers = { authorization: `Bearer ${token}`, "x-forwarded-for": "198.51.100.1" };
    const { status, headers: answered } = await refusedUpgrade(server.raw({ headers }));
    assert.equal(status, 429);
    assert.ok(Number(answered.get("retry-after")) > 0);
    await server.connect({ token, ...from("198.51.100.2") });
  },
);

testOnBoth(
  "sign-in - a refresh that has to wait closes no connection, and an old token is no failure",
  () => ({ clock: new FakeClock(), env: PROXY }),
  async (server) => {
    const clock = server.clock as FakeClock;
    const from = { headers: { "x-forwarded-for": "198.51.100.1" } };
    const old = forge({ sub: "ann", exp: clock.now() / 1000 - 1 });
    for (let n = 0; n < ACCOUNT_FAILURES_MAX + 1; n++) await refusal(server, old, from);
    const ann = await server.connect({ token: await server.token("ann"), ...from });
    const refresh = () => ann.request("auth.refresh", { refresh: "no.refresh.token" });
    for (let n = 0; n < ADDRESS_FAILURES_MAX; n++) {
      await assert.rejects(refresh(), { code: RPC_ERRORS.bad_credential.code });
    }
    await assert.rejects(refresh(), { code: RPC_ERRORS.rate_limited.code });
    assert.deepEqual(await ann.request("echo", [1]), [1]);
  },
);

testOnBoth(
  "sign-in - the URL of an upgrade counts only beside a token",
  {},
  async (server) => {
    const token = await server.token("ann");
    const path = "/?device=tablet&window=9";
    const signIn = async (headers: Record<string, string>) => {
      const socket = await server.raw({ path, headers });
      socket.text({ id: 1, method: "auth.jwt", params: { token, receipts: true } });
      const { result: { device, window } } = await socket.json();
      return [device, window];
    };
    assert.deepEqual(await signIn({}), ["default", WINDOW_MESSAGES_DEFAULT]);
    // What is left out goes back to its default; the device stays.
    const headers = { authorization: `Bearer ${token}` };
    assert.deepEqual(await signIn(headers), ["tablet", WINDOW_MESSAGES_DEFAULT]);
  },
);

testOnBoth("sign-in - an upgrade request may sign in by its header", {}, async (server) => {
  const token = await server.token("ann");
  const client = await server.connect({ headers: { authorization: `Bearer ${token}` } });
  await client.sendMessage("ann", "hi");
  await client.received(1);
  assert.equal(client.empties, 0);
});

testOnBoth(
  "sign-in - an upgrade request may sign in by its list of subprotocols",
  {},
  async (server) => {
    const token = await server.token("ann");
    const client = await server.connect({ protocols: ["titan", `bearer.${token}`] });
    assert.equal(client.protocol, "titan");
    await client.sendMessage("ann", "hi");
    await client.received(1);
    const plain = await server.connect({ protocols: ["titan"] });
    assert.equal(plain.protocol, "titan");
    await plain.signIn(token);
  },
);

testOnBoth(
  "sign-in - an upgrade request with a bad token is refused with 401",
  {},
  async (server) => {
    for (
      const headers of [
        { authorization: "Bearer no.token.here" },
        { "sec-websocket-protocol": "titan, bearer.no.token.here" },
      ]
    ) {
      const { status, headers: answered } = await refusedUpgrade(server.raw({ headers }));
      assert.equal(status, 401);
      assert.equal(answered.get("www-authenticate"), "Bearer");
    }
  },
);

testOnBoth("sign-in - TITAN_WS_AUTH=upgrade refuses every other upgrade with 401", {
  env: { TITAN_WS_AUTH: "upgrade" },
}, async (server) => {
  const token = await server.token("ann");
  for (
    const headers of [{}, { authorization: "Basic YTpi" }, { "sec-websocket-protocol": "titan" }]
  ) {
    assert.equal((await refusedUpgrade(server.raw({ headers }))).status, 401);
  }
  const client = await server.connect({ headers: { authorization: `Bearer ${token}` } });
  await client.request("echo", {});
  const browser = await server.connect({ protocols: ["titan", `bearer.${token}`] });
  await browser.request("echo", {});
});

testOnBoth(
  "sign-in - with a token in the upgrade the client may still choose",
  {},
  async (server) => {
    const token = await server.token("ann");
    const client = await server.connect({
      headers: { authorization: `Bearer ${token}` },
      window: 3,
    });
    const welcome = await client.signIn(token);
    assert.deepEqual([welcome.user, welcome.window], ["ann", 3]);
    await client.until(() => client.empties || undefined, "queue.empty");
  },
);

testOnBoth("sign-in - whoever holds the secret may vouch for a user", {}, async (server) => {
  assert.equal(await server.store.users.get("newcomer"), null);
  await server.enter("Newcomer");
  assert.equal((await server.store.users.get("newcomer"))?.value.id, "newcomer");
  assert.equal(server.log.of("user registered").length, 1);
});
