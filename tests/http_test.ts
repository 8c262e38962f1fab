/**
 * What the running server answers over plain HTTP (DESIGN §3.4).
 */
import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../limits.ts";
import { RPC_ERRORS } from "../rpc/mod.ts";
import { type LocalServer, testOnBoth } from "./harness/local_server.ts";
import { handshake, RawSocket } from "./harness/raw_socket.ts";

async function post(server: LocalServer, body: BodyInit, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return await fetch(`${server.url}/rpc`, { method: "POST", body, headers });
}

function call(method: string, params?: unknown, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

testOnBoth(
  "http - POST /rpc sends with a bearer token, to who is connected",
  {},
  async (server) => {
    const bob = await server.enter("bob");
    const token = await server.token("ann");
    const answer = await post(server, call("msg.send", [{ to: "bob", message: "by post" }]), token);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    assert.deepEqual(await answer.json(), { jsonrpc: "2.0", id: 1, result: "ACK" });
    const [message] = await bob.received(1);
    assert.deepEqual([message?.from, message?.message], ["ann", "by post"]);
  },
);

testOnBoth("http - POST /rpc answers sign-in, batches and notifications", {}, async (server) => {
  const token = await server.token("ann");
  const signIn = await (await post(server, call("auth.jwt", { token, receipts: true }))).json();
  assert.equal(signIn.result.user, "ann");
  const batch = `[${call("echo", ["a"], "x")},${call("nothing", [], "y")}]`;
  const answers = await (await post(server, batch, token)).json();
  assert.deepEqual(answers[0], { jsonrpc: "2.0", id: "x", result: ["a"] });
  assert.equal(answers[1].error.code, RPC_ERRORS.method_not_found.code);
  const noted = await post(server, '{"method":"echo"}', token);
  assert.equal(noted.status, 204);
  assert.equal(await noted.text(), "");
});

/** A key pair that RFC 8291 has in its Appendix A. */
const VAPID = {
  TITAN_VAPID_PUBLIC:
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
  TITAN_VAPID_PRIVATE: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  TITAN_VAPID_SUBJECT: "mailto:ops@x.example",
};

testOnBoth("http - GET /push/vapid and rpc.discover tell browsers the same key", {
  env: VAPID,
}, async (server) => {
  const answer = await fetch(`${server.url}/push/vapid`, { headers: { origin: "https://a.test" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  assert.equal(await answer.text(), VAPID.TITAN_VAPID_PUBLIC);
  const head = await fetch(`${server.url}/push/vapid`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const { result } = await (await post(server, call("rpc.discover"))).json();
  assert.equal(result["x-vapid-public-key"], VAPID.TITAN_VAPID_PUBLIC);
  assert.ok(!JSON.stringify(result).includes(VAPID.TITAN_VAPID_PRIVATE));
});

testOnBoth(
  "http - GET /push/vapid says that there are no pushes for browsers",
  {},
  async (server) => {
    const answer = await fetch(`${server.url}/push/vapid`);
    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /^Web Push is not configured/);
  },
);

testOnBoth("http - POST /rpc refuses a bad token with 401", {}, async (server) => {
  const answer = await post(server, call("echo"), "not.a.token");
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  assert.equal((await answer.json()).error.code, RPC_ERRORS.bad_credential.code);
  const nobody = await (await post(server, call("echo"))).json();
  assert.equal(nobody.error.code, RPC_ERRORS.unauthenticated.code);
});

testOnBoth(
  "http - POST /rpc takes a body of one frame's length, and refuses a byte more with 413",
  {},
  async (server) => {
    const token = await server.token("ann");
    const body = (bytes: number) => {
      const bare = call("echo", [""]).length;
      return call("echo", ["x".repeat(bytes - bare)]);
    };
    const fits = await post(server, body(FRAME_BYTES_MAX), token);
    assert.equal(fits.status, 200);
    await fits.body?.cancel();
    const refused = await post(server, body(FRAME_BYTES_MAX + 1), token);
    assert.equal(refused.status, 413);
    assert.equal((await refused.json()).error.code, RPC_ERRORS.too_large.code);
    const chunked = await fetch(`${server.url}/rpc`, {
      method: "POST",
      body: new Blob([body(FRAME_BYTES_MAX + 1)]).stream(),
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(chunked.status, 413);
    await chunked.body?.cancel();
  },
);

testOnBoth("http - paths and methods that are not there", {}, async (server) => {
  const ask = async (method: string, path: string) => {
    const answer = await fetch(`${server.url}${path}`, { method });
    await answer.body?.cancel();
    return [answer.status, answer.headers.get("allow")];
  };
  assert.deepEqual(await ask("GET", "/"), [200, null]);
  assert.deepEqual(await ask("GET", "/rpc"), [405, "POST"]);
  assert.deepEqual(await ask("DELETE", "/rpc"), [405, "POST"]);
  assert.deepEqual(await ask("POST", "/"), [405, "GET"]);
  for (const path of ["/nothing", "/rpc/more", "/constructor", "/__proto__", "/%2e%2e/etc"]) {
    assert.deepEqual(await ask("GET", path), [404, null], path);
  }
});

testOnBoth("http - a body that is not JSON or not UTF-8 gets an error", {}, async (server) => {
  const text = await (await post(server, "{")).json();
  assert.deepEqual([text.id, text.error.code], [null, RPC_ERRORS.parse_error.code]);
  const empty = await (await post(server, "")).json();
  assert.equal(empty.error.code, RPC_ERRORS.parse_error.code);
  const bytes = await post(server, new Uint8Array([0x22, 0xff, 0x22]));
  assert.equal(bytes.status, 400);
  assert.equal((await bytes.json()).error.code, RPC_ERRORS.parse_error.code);
});

testOnBoth("http - malformed upgrades are refused, and the server lives", {}, async (server) => {
  const status = async (request: string) => {
    await using socket = await RawSocket.connect(server.url);
    socket.bytes(request);
    return /^HTTP\/1\.1 (\d+)/.exec(await socket.head())?.[1];
  };
  assert.equal(await status(handshake({ headers: { "sec-websocket-version": "12" } })), "426");
  assert.equal(await status(handshake({ headers: { "sec-websocket-key": "short" } })), "400");
  assert.equal(await status(handshake({ path: "/nowhere" })), "404");
  assert.equal(await status(handshake().replace("GET", "POST")), "400");
  assert.equal(
    await status(handshake({ headers: { "sec-websocket-protocol": "titan, titan" } })),
    "400",
  );
  await (await server.enter("ann")).request("echo", {});
});

testOnBoth(
  "http - a request that keeps its connection gets the next one answered",
  {},
  async (server) => {
    await using socket = await RawSocket.connect(server.url);
    for (let n = 0; n < 3; n++) {
      socket.bytes("GET /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
      assert.match(await socket.head(), /^HTTP\/1\.1 404/);
      socket.bytes("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n");
      // The body of the answer before is in front of this head.
      assert.match(await socket.head(), /HTTP\/1\.1 200/);
    }
  },
);
