import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { OUTGOING_BYTES_MAX } from "../limits.ts";
import { StoreBusyError, StoreUnavailableError } from "../store/mod.ts";
import { ANN, FakeCaller, FakeServices, FakeSession, GOOD_TOKEN } from "./fake_session.ts";
import { ACK, defineMethod, type Method, type MethodResult } from "./method.ts";
import { createMethods } from "./methods/mod.ts";
import { Router } from "./router.ts";
import { RPC_ERRORS, RpcError } from "./rpc_error.ts";

/** A method that does what a test says. */
function method(name: string, handler: (params: unknown) => MethodResult<unknown>): Method {
  return defineMethod({
    name,
    summary: "Does what a test says.",
    access: "user",
    params: z.unknown(),
    result: z.unknown(),
    handler,
  });
}

/** A router with all methods and those of a test. */
function createRouter(...more: readonly Method[]) {
  const reports: { error: unknown; method: string }[] = [];
  const services = new FakeServices();
  const methods = new Map([...createMethods(), ...more.map((it) => [it.name, it] as const)]);
  const router = new Router({
    methods,
    services,
    report: (error, method) => `r${reports.push({ error, method })}`,
  });
  return { router, services, reports };
}

/** Sends a value and answers the parsed answer, undefined where there was none. */
async function ask(router: Router, value: unknown, caller = new FakeCaller()) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const answer = await router.handle(text, caller);
  return answer === undefined ? undefined : JSON.parse(answer);
}

const { router } = createRouter();

Deno.test("Router.handle() answers at once where the method does", () => {
  assert.equal(
    router.handle('{"id":"1","method":"echo","params":[1]}', new FakeCaller()),
    '{"jsonrpc":"2.0","id":"1","result":[1]}',
  );
});

Deno.test("Router.handle() answers later where the method does", async () => {
  const answer = router.handle(
    '{"id":1,"method":"msg.send","params":[{"to":"bob","message":"hi"}]}',
    new FakeCaller(),
  );
  assert.ok(answer instanceof Promise);
  assert.equal(await answer, '{"jsonrpc":"2.0","id":1,"result":"ACK"}');
});

Deno.test("Router.handle() answers null where a method answers nothing", async () => {
  const { router } = createRouter(method("nothing", () => undefined));
  assert.equal((await ask(router, { id: 1, method: "nothing" })).result, null);
});

Deno.test("Router.handle() finds no method under the names of object members", async () => {
  const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "", "Echo"];
  for (const name of names) {
    const { error } = await ask(router, { id: 1, method: name });
    assert.equal(error.code, -32601);
    assert.equal(error.message, "Method not found");
  }
});

Deno.test("Router.handle() passes hostile params on unharmed", async () => {
  const params = '{"__proto__":{"x":1},"constructor":null,"toString":[],"token":{"a":1}}';
  const frame = `{"id":1,"method":"echo","params":${params}}`;
  assert.equal(
    await router.handle(frame, new FakeCaller()),
    `{"jsonrpc":"2.0","id":1,"result":${params}}`,
  );
});

Deno.test("Router.handle() refuses a user's method to a stranger", async () => {
  const stranger = new FakeCaller(new FakeSession());
  for (const name of ["echo", "msg.send"]) {
    const { error } = await ask(router, { id: 1, method: name, params: {} }, stranger);
    assert.equal(error.data.name, "unauthenticated");
  }
  assert.equal((await ask(router, { id: 1, method: "ping" }, stranger)).result, "pong");
});

Deno.test("Router.handle() never answers a notification", async () => {
  const { router, services, reports } = createRouter(method("fail", () => {
    throw new Error("Fault");
  }));
  const notifications = [
    { method: "echo", params: [1] },
    { method: "no.such" },
    { method: "msg.send", params: [{ to: "bob" }] },
    { method: "msg.send", params: [{ to: "bob", message: "hi" }] },
    { method: "fail" },
  ];
  for (const notification of notifications) {
    assert.equal(await ask(router, notification), undefined);
  }
  assert.equal(services.drafts.length, 1);
  assert.equal(reports.length, 1);
});

Deno.test("Router.handle() hands responses over and answers none", async () => {
  const caller = new FakeCaller();
  await ask(router, { jsonrpc: "2.0", id: "r1", result: "ACK" }, caller);
  await ask(router, [{ id: 2, error: { code: 1 } }, { id: null, error: {} }], caller);
  assert.deepEqual(
    caller.responses.map(({ id, reply }) => [id, "error" in reply ? reply.error : reply.result]),
    [["r1", "ACK"], [2, { code: 1 }], [null, {}]],
  );
  assert.equal(caller.fresh, true);
});

Deno.test("Router.handle() answers a batch in order of its requests", async () => {
  const slow = Promise.withResolvers<string>();
  const { router } = createRouter(method("slow", () => slow.promise));
  const answer = ask(router, [
    { id: 1, method: "slow" },
    { id: 2, method: "echo", params: [2] },
    { method: "echo" },
    1,
    { id: 3, method: "no.such" },
  ]);
  slow.resolve("late");
  const answers = await answer;
  assert.deepEqual(
    answers.map(({ id, result, error }: Record<string, unknown>) => [
      id,
      result ?? (error as { code: number }).code,
    ]),
    [[1, "late"], [2, [2]], [null, -32600], [3, -32601]],
  );
});

Deno.test("Router.handle() answers a long description once in a batch, also to a stranger", async () => {
  const discover = (id: number) => ({ id, method: "rpc.discover" });
  const caller = new FakeCaller(new FakeSession());
  const batch = [...Array.from({ length: 99 }, (_, index) => discover(index)), {
    id: 99,
    method: "ping",
  }];
  const answers = await ask(router, batch, caller);
  const codes = answers.map(({ error }: { error?: { code: number } }) => error?.code);
  assert.deepEqual(codes, [undefined, ...Array(98).fill(RPC_ERRORS.too_large.code), undefined]);
  assert.equal(
    answers[1].error.message,
    "Request is too large: rpc.discover comes once in a batch",
  );
  // Another batch, and another request, get it again; one that wants no answer has had none.
  const [silent, answered] = [{ method: "rpc.discover" }, discover(2)];
  assert.equal((await ask(router, [silent, answered], caller))[0].error, undefined);
  assert.equal((await ask(router, discover(3), caller)).error, undefined);
});

Deno.test("Router.handle() refuses an answer that no connection would take", async () => {
  const { router } = createRouter(method("grow", (params) => params));
  const grow = async (chars: number) => {
    const bare = '{"jsonrpc":"2.0","id":1,"result":["",100000000000000000000]}'.length;
    const params = `["${"x".repeat(chars - bare)}",1e20]`;
    return await ask(router, `{"id":1,"method":"grow","params":${params}}`);
  };
  assert.equal((await grow(OUTGOING_BYTES_MAX)).error, undefined);
  const { id, error } = await grow(OUTGOING_BYTES_MAX + 1);
  assert.deepEqual([id, error.code], [1, RPC_ERRORS.too_large.code]);
  assert.equal(
    error.message,
    "Request is too large: the answer would be longer than 1048576 bytes",
  );
  assert.equal(error.data.limit, OUTGOING_BYTES_MAX);
});

Deno.test("Router.handle() starts the requests of a batch in order, none waiting", async () => {
  const started: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const { router } = createRouter(method("note", async (params) => {
    started.push(params);
    await gate.promise;
    return ACK;
  }));
  const answer = ask(router, [1, 2, 3].map((id) => ({ id, method: "note", params: [id] })));
  assert.deepEqual(started, [[1], [2], [3]]);
  gate.resolve();
  assert.equal((await answer).length, 3);
});

Deno.test("Router.handle() lets a batch sign in before it goes on", async () => {
  const caller = new FakeCaller(new FakeSession());
  const answers = await ask(router, [
    { id: 1, method: "echo" },
    { id: 2, method: "auth.jwt", params: { token: GOOD_TOKEN } },
    { id: 3, method: "echo", params: [3] },
  ], caller);
  assert.equal(answers[0].error.data.name, "unauthenticated");
  assert.equal(answers[1].result, "ACK");
  assert.deepEqual(answers[2].result, [3]);
});

Deno.test("Router.handle() says nothing to a batch of notifications", async () => {
  assert.equal(await ask(router, [{ method: "echo" }, { method: "echo" }]), undefined);
});

Deno.test("Router.handle() signs in with the token of a first request, and passes it on", async () => {
  const caller = new FakeCaller(new FakeSession());
  const params = { message: "hi", token: GOOD_TOKEN };
  assert.deepEqual((await ask(router, { id: 1, method: "echo", params }, caller)).result, params);
  assert.deepEqual(caller.session.signIns, [{ token: GOOD_TOKEN, options: { rich: false } }]);
  assert.equal(caller.fresh, false);
  await ask(router, { id: 2, method: "echo", params }, caller);
  assert.equal(caller.session.signIns.length, 1);
});

Deno.test("Router.handle() answers a bad token of a first request as auth.jwt does", async () => {
  for (const name of ["echo", "auth.jwt", "no.such"]) {
    const caller = new FakeCaller(new FakeSession());
    const call = { id: 1, method: name, params: { token: "bad" } };
    assert.equal((await ask(router, call, caller)).error.data.name, "bad_credential");
    assert.deepEqual(caller.session.signIns, [{ token: "bad", options: { rich: false } }]);
  }
});

Deno.test("Router.handle() signs in with the token of a first notification, in silence", async () => {
  for (const [token, user] of [[GOOD_TOKEN, "ann"], ["bad", undefined]]) {
    const caller = new FakeCaller(new FakeSession());
    assert.equal(await ask(router, { method: "echo", params: { token } }, caller), undefined);
    assert.equal(caller.session.identity?.user, user);
  }
});

Deno.test("Router.handle() signs in with the first request of a first batch", async () => {
  const caller = new FakeCaller(new FakeSession());
  const answers = await ask(router, [
    { id: 9, result: "ACK" },
    { id: 1, method: "echo", params: { token: GOOD_TOKEN } },
    { id: 2, method: "echo", params: [2] },
  ], caller);
  assert.deepEqual(answers[1].result, [2]);
  assert.equal(caller.session.signIns.length, 1);
});

Deno.test("Router.handle() takes no token of a second request", async () => {
  const caller = new FakeCaller(new FakeSession());
  await ask(router, { id: 1, method: "ping" }, caller);
  const call = { id: 2, method: "echo", params: { token: GOOD_TOKEN } };
  assert.equal((await ask(router, call, caller)).error.data.name, "unauthenticated");
  assert.equal(caller.session.signIns.length, 0);
});

Deno.test("Router.handle() takes nothing but a string by name for a token", async () => {
  for (const params of [{ token: 5 }, { token: null }, [GOOD_TOKEN], undefined, {}]) {
    const caller = new FakeCaller(new FakeSession());
    const { error } = await ask(router, { id: 1, method: "echo", params }, caller);
    assert.equal(error.data.name, "unauthenticated");
    assert.equal(caller.session.signIns.length, 0);
  }
});

Deno.test("Router.handle() leaves the token alone where somebody is signed in already", async () => {
  const caller = new FakeCaller(new FakeSession(ANN));
  const call = { id: 1, method: "echo", params: { token: "bad" } };
  assert.deepEqual((await ask(router, call, caller)).result, { token: "bad" });
});

Deno.test("Router.handle() tells an RpcError as it is, thrown or rejected", async () => {
  const error = new RpcError("rate_limited", { retryAfter: 3 });
  const { router, reports } = createRouter(
    method("throws", () => {
      throw error;
    }),
    method("rejects", () => Promise.reject(error)),
  );
  for (const name of ["throws", "rejects"]) {
    assert.deepEqual((await ask(router, { id: 1, method: name })).error, {
      code: -32005,
      message: "Too many requests",
      data: { name: "rate_limited", retryable: true, retryAfter: 3 },
    });
  }
  assert.equal(reports.length, 0);
});

Deno.test("Router.handle() tells the store's errors as retryable ones", async () => {
  const { router, reports } = createRouter(
    method("busy", () => Promise.reject(new StoreBusyError("Backlog is full"))),
    method("down", () => Promise.reject(new StoreUnavailableError("Disk is full"))),
  );
  assert.deepEqual((await ask(router, { id: 1, method: "busy" })).error, {
    code: -32006,
    message: "Server is busy",
    data: { name: "busy", retryable: true, retryAfter: 1 },
  });
  assert.deepEqual((await ask(router, { id: 1, method: "down" })).error, {
    code: -32007,
    message: "Storage is unavailable",
    data: { name: "unavailable", retryable: true, retryAfter: 5 },
  });
  assert.equal(reports.length, 0);
});

Deno.test("Router.handle() lets nothing of an unknown fault out but a reference", async () => {
  const secret = "s3cr3t";
  class Leaky extends Error {
    override readonly name = secret;
    readonly data = { secret };
    readonly code = secret;
    toJSON() {
      return { secret };
    }
  }
  const faults = [new Leaky(secret, { cause: secret }), secret, { secret }, null, undefined, 5n];
  for (const fault of faults) {
    const { router, reports } = createRouter(
      method("throws", () => {
        throw fault;
      }),
      method("rejects", () => Promise.reject(fault)),
    );
    for (const [index, name] of ["throws", "rejects"].entries()) {
      const text = await router.handle(`{"id":1,"method":"${name}"}`, new FakeCaller()) ?? "";
      assert.ok(!text.includes(secret));
      assert.deepEqual(JSON.parse(text).error, {
        code: -32603,
        message: "Internal error",
        data: { name: "internal_error", retryable: false, reference: `r${index + 1}` },
      });
      assert.deepEqual(reports[index], { error: fault, method: name });
    }
  }
});

Deno.test("Router.handle() takes a result that is no JSON for a fault", async () => {
  const { router, reports } = createRouter(
    method("sync", () => 5n),
    method("async", () => Promise.resolve(5n)),
  );
  for (const name of ["sync", "async"]) {
    assert.equal((await ask(router, { id: 1, method: name })).error.code, -32603);
  }
  assert.equal(reports.length, 2);
});

Deno.test("Router.handle() never throws or rejects, and every answer is JSON-RPC", async () => {
  const names = ["echo", "msg.send", "auth.jwt", "ping", "rpc.discover", "__proto__", "no"];
  const params = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.record({ to: fc.jsonValue(), message: fc.jsonValue() }, { requiredKeys: [] })),
    fc.record({ messages: fc.array(fc.jsonValue()) }),
    fc.record({ token: fc.constantFrom<unknown>("bad", GOOD_TOKEN, 1), device: fc.jsonValue() }),
  );
  const call = fc.record(
    { jsonrpc: fc.constant("2.0"), id: fc.jsonValue(), method: fc.constantFrom(...names), params },
    { requiredKeys: ["method"] },
  );
  const texts = fc.oneof(
    fc.string(),
    call.map((it) => JSON.stringify(it)),
    fc.array(fc.oneof(call, fc.jsonValue()), { maxLength: 4 }).map((it) => JSON.stringify(it)),
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (text, signedIn) => {
      const caller = new FakeCaller(new FakeSession(signedIn ? ANN : undefined));
      const answer = await ask(router, text, caller);
      for (const one of answer === undefined ? [] : [answer].flat()) {
        assert.equal(one.jsonrpc, "2.0");
        assert.ok("id" in one && ("result" in one) !== ("error" in one));
      }
    }),
    { numRuns: 500 },
  );
});
