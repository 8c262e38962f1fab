import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../limits.ts";
import { createClientAddresses } from "./client_address.ts";
import { CLOSE } from "./close_code.ts";
import { ConnectionCounts, type ConnectionLimits } from "./connection_counts.ts";
import { FakeTransport, FakeWorld, type Frame, request, settled } from "./fake_world.ts";
import { FrontDoor } from "./front_door.ts";
import type { UpgradeAcceptance } from "./listener.ts";
import { createStatusPages } from "./status.ts";
import { Health } from "./telemetry/mod.ts";

const AMPLE: ConnectionLimits = {
  connections: 100,
  addressConnections: 100,
  unauthenticated: 100,
  addressUnauthenticated: 100,
};
const TOKEN = "a-token-that-only-operators-have-0123";

/** Nobody is woken here. */
const NO_PUSHES = {
  figures: {
    owed: 0,
    sent: 0,
    accepted: 0,
    retried: 0,
    rejected: 0,
    unregistered: 0,
    misconfigured: 0,
    seen: 0,
    cancelled: 0,
    overflowed: 0,
    waiting: 0,
    inFlight: 0,
  },
};
const PROXY = "10.0.0.1";

interface Options {
  readonly limits?: Partial<ConnectionLimits>;
  readonly wsAuth?: "message" | "upgrade";
  readonly vapidPublic?: string;
}

/** A front door on a street without a network. */
class Street {
  readonly world = FakeWorld.create();
  readonly counts: ConnectionCounts;
  readonly health: Health;
  readonly door: FrontDoor;

  constructor({ limits = {}, wsAuth = "message", vapidPublic }: Options = {}) {
    const addresses = createClientAddresses([PROXY]);
    this.counts = new ConnectionCounts({ ...AMPLE, ...limits }, addresses.exempt);
    this.health = new Health(this.world);
    const pages = createStatusPages({
      ...this.world,
      config: { adminToken: TOKEN },
      version: "1.2.3",
      counts: this.counts,
      pushes: NO_PUSHES,
      health: this.health,
    });
    this.door = new FrontDoor({
      gateway: this.world.gateway,
      counts: this.counts,
      addresses,
      wsAuth,
      vapidPublic,
      health: this.health,
      pages,
    });
  }

  async upgrade(headers: Record<string, string> = {}, path = "/", address = "192.0.2.1") {
    const url = new URL(path, "http://titan.example");
    return await this.door.upgrade({ address, url, headers: new Headers(headers) });
  }

  /** An upgrade that must be accepted. */
  async accepted(...args: Parameters<Street["upgrade"]>): Promise<UpgradeAcceptance> {
    const decision = await this.upgrade(...args);
    assert.ok(!("refuse" in decision), "refused");
    return decision;
  }

  /** An upgrade that must be refused. */
  async refused(...args: Parameters<Street["upgrade"]>): Promise<Response> {
    const decision = await this.upgrade(...args);
    assert.ok("refuse" in decision, "accepted");
    return decision.refuse;
  }

  async post(body: BodyInit | null, headers: Record<string, string> = {}, address = "192.0.2.1") {
    const url = "http://titan.example/rpc";
    return await this.door.http(new Request(url, { method: "POST", body, headers }), address);
  }
}

function testStreet(name: string, options: Options, run: (street: Street) => Promise<void>): void {
  Deno.test(name, async () => {
    const street = new Street(options);
    try {
      await run(street);
    } finally {
      await street.world.gateway.stop(CLOSE.goingAway, 5000);
    }
  });
}

async function errorName(response: Response): Promise<string | undefined> {
  return (await response.json() as Frame).error?.data.name;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

testStreet("FrontDoor.upgrade() accepts at / and nowhere else", {}, async (street) => {
  await street.accepted();
  assert.equal((await street.refused({}, "/chat")).status, 404);
  assert.equal((await street.refused({}, "/rpc")).status, 404);
  assert.equal(street.counts.connections, 1);
});

testStreet("FrontDoor.upgrade() signs in by header or subprotocol list", {}, async (street) => {
  const token = await street.world.token("ann");
  for (
    const headers of [
      bearer(token),
      { authorization: `bearer   ${token} ` },
      { "sec-websocket-protocol": `titan, bearer.${token}` },
      { "sec-websocket-protocol": `bearer.${token},titan` },
    ]
  ) {
    const acceptance = await street.accepted(headers);
    const offered = "sec-websocket-protocol" in headers;
    assert.equal(acceptance.protocol, offered ? "titan" : undefined);
    const transport = new FakeTransport();
    const handler = acceptance.accept(transport);
    transport.handler = handler;
    handler.frame(request("s", "msg.send", [{ to: "ann", message: "hi" }]));
    await settled();
    assert.equal(transport.take().find(({ id }) => id === "s")?.result, "ACK");
  }
  assert.equal(street.world.gateway.hub.of("ann").length, 1);
});

testStreet("FrontDoor.upgrade() lets the client name its device in the URL", {}, async (street) => {
  const headers = bearer(await street.world.token("ann"));
  const acceptance = await street.accepted(headers, "/?device=phone-1");
  acceptance.accept(new FakeTransport());
  await settled();
  assert.deepEqual(street.world.gateway.hub.of("ann").map(({ device }) => device), ["phone-1"]);
  for (const device of ["", "a b", "x".repeat(65), "%00"]) {
    const refused = await street.refused(headers, `/?device=${device}`);
    assert.equal(refused.status, 400, device);
    const { error } = await refused.json() as Frame;
    assert.match(error?.message ?? "", /device must be 1 to 64 bytes/);
    const data = { name: "invalid_params", retryable: false, field: "device", limit: 64 };
    assert.deepEqual(error?.data, data);
  }
});

testStreet("FrontDoor.upgrade() takes a window and receipts from the URL", {}, async (street) => {
  const headers = bearer(await street.world.token("ann"));
  const acceptance = await street.accepted(headers, "/?window=256&receipts=true");
  acceptance.accept(new FakeTransport());
  await settled();
  assert.deepEqual(street.world.gateway.hub.of("ann").map(({ receipts }) => receipts), [true]);
  for (const window of ["0", "257", "x", "1e2", ""]) {
    const refused = await street.refused(headers, `/?window=${window}`);
    assert.equal(refused.status, 400, window);
    const { error } = await refused.json() as Frame;
    assert.equal(error?.message, "Invalid params: window must be 1 to 256");
    const data = { name: "invalid_params", retryable: false, field: "window", limit: 256 };
    assert.deepEqual(error?.data, data);
  }
});

testStreet("FrontDoor.upgrade() refuses with 403 a token of another device", {}, async (street) => {
  const headers = bearer(await street.world.token("ann", "phone"));
  const refused = await street.refused(headers, "/?device=laptop");
  assert.equal(refused.status, 403);
  assert.equal(await errorName(refused), "forbidden");
  await street.accepted(headers, "/?device=phone");
  await street.accepted(headers);
});

testStreet("FrontDoor.upgrade() refuses a bad token with 401", {}, async (street) => {
  const bad = "e30.e30.bad";
  for (const headers of [bearer(bad), { "sec-websocket-protocol": `titan, bearer.${bad}` }]) {
    const refused = await street.refused(headers);
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("www-authenticate"), "Bearer");
    assert.equal(await errorName(refused), "bad_credential");
  }
  assert.equal(street.counts.connections, 0);
});

testStreet(
  "FrontDoor.upgrade() lets a client without a token in, to sign in later",
  {},
  async (street) => {
    const acceptance = await street.accepted({ authorization: "Basic YTpi" });
    const transport = new FakeTransport();
    acceptance.accept(transport).frame(request("1", "ping"));
    await settled();
    const [{ id, error } = {}] = transport.take();
    assert.deepEqual([id, error], ["1", undefined]);
  },
);

testStreet(
  "FrontDoor.upgrade() refuses with 401 who has no token where it must",
  { wsAuth: "upgrade" },
  async (street) => {
    for (const headers of [{}, { authorization: "Basic YTpi" }, { authorization: "Bearer" }]) {
      const refused = await street.refused(headers);
      assert.equal(refused.status, 401);
      assert.equal(await errorName(refused), "unauthenticated");
    }
    await street.accepted(bearer(await street.world.token("ann")));
    assert.equal(street.counts.connections, 1);
  },
);

testStreet("FrontDoor.upgrade() makes one wait who failed too often", {}, async (street) => {
  for (let n = 0; n < 6; n++) await street.refused(bearer("no.token"));
  const refused = await street.refused(bearer(await street.world.token("ann")));
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "600");
  await street.accepted(bearer(await street.world.token("ann")), "/", "192.0.2.2");
});

testStreet(
  "FrontDoor.upgrade() counts an address behind a trusted proxy, until its socket is gone",
  { limits: { addressUnauthenticated: 2 } },
  async (street) => {
    const from = (client: string) => ({ "x-forwarded-for": client });
    const [first] = [
      await street.accepted(from("198.51.100.1"), "/", PROXY),
      await street.accepted(from("198.51.100.1"), "/", PROXY),
    ];
    assert.equal(first.address, "198.51.100.1");
    const refused = await street.refused(from("198.51.100.1"), "/", PROXY);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "10");
    await street.accepted(from("198.51.100.2"), "/", PROXY);
    // What a stranger writes about itself is not believed.
    await street.accepted(from("198.51.100.1"), "/", "192.0.2.1");
    first.released();
    await street.accepted(from("198.51.100.1"), "/", PROXY);
  },
);

testStreet("FrontDoor.upgrade() keeps no place for who is refused", {}, async (street) => {
  await street.refused(bearer("no.token"));
  await street.refused({}, "/elsewhere");
  assert.equal(street.counts.connections, 0);
});

testStreet("FrontDoor.http() answers POST /rpc with a bearer token", {}, async (street) => {
  const headers = bearer(await street.world.token("ann"));
  const answer = await street.post(request(1, "msg.send", [{ to: "ann", message: "hi" }]), headers);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual(await answer.json(), { jsonrpc: "2.0", id: 1, result: "ACK" });
  assert.equal((await street.world.store.mailboxes.inspect("ann"))?.messages, 1);
});

testStreet(
  "FrontDoor.http() looks at the token when the whole body is there: it may be over by then",
  {},
  async (street) => {
    const { world } = street;
    const headers = bearer(await world.token("ann"));
    await world.enter("ann");
    const { readable, writable } = new TransformStream<Uint8Array>();
    const answer = street.post(readable, headers);
    const writer = writable.getWriter();
    const frame = new TextEncoder().encode(request(1, "user.me"));
    await writer.write(frame.subarray(0, 5));
    await world.people.admin.logout("ann");
    await writer.write(frame.subarray(5));
    await writer.close();
    assert.equal((await answer).status, 401);
    assert.equal(await errorName(await answer), "bad_credential");
  },
);

testStreet(
  "FrontDoor.http() answers POST /rpc without a token as far as that goes",
  {},
  async (street) => {
    const send = [{ to: "ann", message: "hi" }];
    const ping = await (await street.post(request(1, "ping"))).json() as Frame;
    assert.deepEqual([ping.id, ping.error], [1, undefined]);
    assert.equal(
      await errorName(await street.post(request(1, "msg.send", send))),
      "unauthenticated",
    );
    const token = await street.world.token("ann");
    const batch = [request(1, "auth.jwt", { token }), request(2, "msg.send", send)];
    const answers = await (await street.post(`[${batch.join(",")}]`)).json() as Frame[];
    assert.deepEqual(answers.map(({ result }) => result), ["ACK", "ACK"]);
  },
);

testStreet("FrontDoor.http() answers nothing to notifications", {}, async (street) => {
  const answer = await street.post(request(undefined, "echo", [1]));
  assert.equal(answer.status, 204);
  assert.equal(await answer.text(), "");
});

testStreet(
  "FrontDoor.http() begins no session and uses no token up for a client that has left",
  {},
  async (street) => {
    const signIn = request(1, "auth.google", { token: "ann", refresh: true });
    const { result } = await (await street.post(signIn)).json() as { result: { refresh: string } };
    const before = await street.world.store.devices.list("google:ann");
    const refresh = request(2, "auth.refresh", { refresh: result.refresh });
    const signal = AbortSignal.abort();
    for (const body of [signIn, refresh]) {
      const asked = new Request("http://titan.example/rpc", { method: "POST", body });
      // A request whose signal is aborted has no body any more; here only the signal is.
      Object.defineProperty(asked, "signal", { value: signal });
      assert.equal(await errorName(await street.door.http(asked, "192.0.2.1")), "unavailable");
      assert.deepEqual(await street.world.store.devices.list("google:ann"), before);
    }
    assert.equal((await (await street.post(refresh)).json() as Frame).error, undefined);
  },
);

testStreet(
  "FrontDoor.http() refuses a request with a bad token, whatever it asks",
  {},
  async (street) => {
    const answer = await street.post(request(1, "echo", [1]), bearer("no.token"));
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    assert.equal(await errorName(answer), "bad_credential");
  },
);

testStreet(
  "FrontDoor.http() takes a body as long as a frame may be, and not a byte more",
  {},
  async (street) => {
    const bare = request(1, "echo", [""]).length;
    const body = (bytes: number) => request(1, "echo", ["x".repeat(bytes - bare)]);
    const stream = (text: string) => new Blob([text]).stream().pipeThrough(new TransformStream());
    for (const encode of [(text: string) => text, stream]) {
      assert.equal((await street.post(encode(body(FRAME_BYTES_MAX)))).status, 200);
      const refused = await street.post(encode(body(FRAME_BYTES_MAX + 1)));
      assert.equal(refused.status, 413);
      const { error } = await refused.json() as Frame;
      assert.equal(
        error?.message,
        "Request is too large: the body must be at most 262144 bytes long",
      );
      assert.equal(error?.data.name, "too_large");
    }
  },
);

testStreet("FrontDoor.http() refuses a body that is not UTF-8", {}, async (street) => {
  const text = new TextEncoder().encode('{"id":1,"method":"echo","params":["');
  for (const bad of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
    const body = new Uint8Array([...text, ...bad, ...new TextEncoder().encode('"]}')]);
    const refused = await street.post(body);
    assert.equal(refused.status, 400);
    assert.equal(await errorName(refused), "parse_error");
  }
  const cut = await street.post(new Uint8Array([...text, 0xe2]));
  assert.equal(await errorName(cut), "parse_error");
});

testStreet(
  "FrontDoor.http() counts requests that are under way as connections",
  { limits: { addressUnauthenticated: 1 } },
  async (street) => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const slow = street.post(body.readable);
    await settled();
    const refused = await street.post(request(1, "echo", [1]));
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "10");
    assert.equal((await street.post(request(1, "echo", [1]), {}, "192.0.2.2")).status, 200);
    const writer = body.writable.getWriter();
    await writer.write(new TextEncoder().encode(request(1, "echo", [1])));
    await writer.close();
    assert.equal((await slow).status, 200);
    assert.equal((await street.post(request(1, "echo", [1]))).status, 200);
    assert.equal(street.counts.connections, 0);
  },
);

testStreet("FrontDoor.http() knows its paths and methods", {}, async (street) => {
  const ask = async (method: string, path: string) => {
    const made = new Request(`http://titan.example${path}`, { method });
    const { status, headers } = await street.door.http(made, "192.0.2.1");
    return [status, headers.get("allow")];
  };
  assert.deepEqual(await ask("GET", "/"), [200, null]);
  assert.deepEqual(await ask("HEAD", "/"), [200, null]);
  assert.deepEqual(await ask("POST", "/"), [405, "GET"]);
  assert.deepEqual(await ask("GET", "/rpc"), [405, "POST"]);
  assert.deepEqual(await ask("PUT", "/rpc"), [405, "POST"]);
  for (const path of ["/rpc/", "//rpc", "/RPC", "/__proto__", "/constructor", "/.env"]) {
    assert.deepEqual(await ask("POST", path), [404, null], path);
  }
});

testStreet(
  "FrontDoor.http() tells pages of every origin what they subscribe to pushes with",
  { vapidPublic: "BP4z" },
  async (street) => {
    const url = "http://titan.example/push/vapid";
    const answer = await street.door.http(new Request(url), "192.0.2.1");
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), "BP4z");
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    const wrong = await street.door.http(new Request(url, { method: "POST" }), "192.0.2.1");
    assert.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "GET"]);
  },
);

testStreet("FrontDoor.http() says so where browsers get no pushes", {}, async (street) => {
  const url = "http://titan.example/push/vapid";
  const answer = await street.door.http(new Request(url), "192.0.2.1");
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /^Web Push is not configured/);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
});

testStreet("FrontDoor.http() tells nothing of a fault behind it", {}, async (street) => {
  street.world.tokens.verify = () => Promise.reject(new Error("the key is abracadabra"));
  const answer = await street.post(request(1, "echo", [1]), bearer("e30.e30.x"));
  assert.equal(answer.status, 500);
  const text = await answer.text();
  assert.ok(!text.includes("abracadabra"));
  assert.equal(street.world.log.of("request failed").length, 1);
});

testStreet("FrontDoor counts what it refuses, by the name of the error", {
  wsAuth: "upgrade",
}, async (street) => {
  const { errors } = street.world.gateway.telemetry.rpc;
  await street.refused();
  await street.refused(bearer("wrong"));
  await street.post(request(1, "echo", [1]), bearer("wrong"));
  await street.post(`"${"x".repeat(FRAME_BYTES_MAX)}"`);
  assert.equal(errors.get("unauthenticated"), 1);
  assert.equal(errors.get("bad_credential"), 2);
  assert.equal(errors.get("too_large"), 1);
  street.world.tokens.verify = () => Promise.reject(new Error("Fault"));
  await street.refused(bearer("e30.e30.x"));
  assert.equal(errors.get("internal_error"), 1);
});

testStreet(
  "FrontDoor.http() takes a body that is not sent to its end for no fault",
  {},
  async (street) => {
    const cut = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
      pull: (controller) => controller.error(new Deno.errors.BadResource("Cannot read")),
    });
    const answer = await street.post(cut);
    assert.equal(answer.status, 400);
    assert.equal(await errorName(answer), "parse_error");
    assert.deepEqual(street.world.log.lines, []);
  },
);

testStreet("FrontDoor.fault() is told to the operator", {}, async (street) => {
  const fault = new Error("Fault");
  street.door.fault(fault);
  const lines = await Promise.resolve(street.world.log.lines);
  assert.deepEqual(lines.map(({ level, error }) => [level, error]), [["error", fault]]);
});

testStreet("FrontDoor takes nobody new while the server drains", {}, async (street) => {
  const token = await street.world.token("ann");
  street.health.drain();
  const refused = await street.refused(bearer(token));
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "2");
  assert.equal((await street.post("{}", bearer(token))).status, 503);
  assert.equal(street.counts.connections, 0);
});

testStreet("FrontDoor.http() says whether the server lives and is ready", {}, async (street) => {
  const get = async (path: string, method = "GET") => {
    const url = `http://titan.example${path}`;
    const { status, headers, ...response } = await street.door.http(
      new Request(url, { method }),
      "192.0.2.1",
    ).then(async (it) => ({ status: it.status, headers: it.headers, text: await it.text() }));
    return [status, response.text, headers.get("cache-control")];
  };
  assert.deepEqual(await get("/healthz"), [200, "ok\n", "no-store"]);
  assert.deepEqual(await get("/readyz"), [200, "ready\n", "no-store"]);
  assert.deepEqual((await get("/readyz", "POST"))[0], 405);
  street.health.drain();
  assert.deepEqual(await get("/healthz"), [200, "ok\n", "no-store"]);
  assert.deepEqual(await get("/readyz"), [503, "not ready: draining\n", "no-store"]);
});

testStreet("FrontDoor.http() shows figures to whoever has the token", {}, async (street) => {
  const get = async (path: string, headers: Record<string, string> = {}) =>
    await street.door.http(new Request(`http://titan.example${path}`, { headers }), "192.0.2.1");
  await street.accepted();
  for (const path of ["/metrics", "/debug/vars"]) {
    for (const headers of [{}, bearer("wrong"), bearer(`${TOKEN}x`), bearer(TOKEN.slice(1))]) {
      const refused = await get(path, headers);
      assert.equal(refused.status, 401);
      assert.equal(refused.headers.get("www-authenticate"), "Bearer");
      assert.doesNotMatch(await refused.text(), /titan_/);
    }
    assert.equal((await get(path, bearer(TOKEN))).status, 200);
  }
  const metrics = await (await get("/metrics", bearer(TOKEN))).text();
  assert.match(metrics, /^titan_connections 1$/m);
  const vars = await (await get("/debug/vars", bearer(TOKEN))).json();
  assert.equal(vars.titan_connections, 1);
});
