import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CID_BYTES_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  SEND_MESSAGES_MAX,
  TTL_SECONDS_MAX,
  USER_ID_BYTES_MAX,
} from "../../limits.ts";
import type { Outcome } from "../../store/mod.ts";
import { ANN, FakeServices, FakeSession, NOW } from "../fake_session.ts";
import { ACK } from "../method.ts";
import { RpcError } from "../rpc_error.ts";
import { createMsgSend } from "./msg_send.ts";

const TIME = "2026-11-22T16:00:00.000Z";
const HI = { to: "bob", message: "hi" };
const FULL =
  "Mailbox of the receiver is full: there is room again when the receiver's devices have read";

function setUp(outcomes?: readonly Outcome[]) {
  const session = new FakeSession(ANN);
  const services = new FakeServices();
  if (outcomes !== undefined) services.outcomes = () => outcomes;
  const msgSend = createMsgSend();
  return {
    session,
    services,
    send: async (params: unknown) => await msgSend.call(params, session, services),
  };
}

/** Sends one message by position and answers why it is refused, before anything is stored. */
async function refusal(item: unknown): Promise<RpcError> {
  const { send, services, session } = setUp();
  const error = await send([item]).then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof RpcError);
  assert.equal(services.appended.length, 0);
  assert.equal(session.taken.length, 0);
  return error;
}

Deno.test('msg.send by position stores all at once and answers "ACK"', async () => {
  const { send, services, session } = setUp();
  assert.equal(await send([{ to: "Bob", message: "hi" }, { to: "cid", message: "ho" }]), ACK);
  assert.equal(services.appended.length, 1);
  assert.deepEqual(services.appended[0]?.options, { atomic: true });
  assert.deepEqual(services.drafts.map(({ to }) => to), ["bob", "cid"]);
  assert.deepEqual(session.taken, [2]);
});

Deno.test("msg.send answers no sooner than the store (I1)", async () => {
  for (const params of [[HI], { messages: [HI] }]) {
    const committed = Promise.withResolvers<readonly Outcome[]>();
    const services = new FakeServices();
    services.mailboxes.append = () => committed.promise;
    let answered = false;
    const answer = Promise.resolve(createMsgSend().call(params, new FakeSession(ANN), services))
      .then(() => answered = true);
    // Longer than any chain of microtasks that does not wait for the store.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(answered, false);
    committed.resolve([{ kind: "accepted" }]);
    await answer;
  }
});

Deno.test("msg.send by position tells the first refusal and its index", async () => {
  const cases = [["unknown", -32002], ["full", -32003], ["conflict", -32009]] as const;
  for (const [kind, code] of cases) {
    const { send } = setUp([{ kind: "skipped" }, { kind }, { kind: "unknown" }]);
    const error = await send([HI, HI, HI]).then(() => undefined, (error: unknown) => error);
    assert.ok(error instanceof RpcError);
    assert.equal(error.code, code);
    assert.equal(error.data.index, 1);
  }
});

Deno.test("msg.send by position tells when a retry can help against a full mailbox", async () => {
  const { send } = setUp([{ kind: "accepted" }, { kind: "full" }]);
  const error = await send([HI, HI]).then(() => undefined, (error: unknown) => error);
  assert.ok(error instanceof RpcError);
  assert.deepEqual(error.toJSON(), {
    code: -32003,
    message: FULL,
    data: { name: "mailbox_full", retryable: true, index: 1, retryAfter: 60 },
  });
});

Deno.test("msg.send by position takes a duplicate for stored", async () => {
  const { send } = setUp([{ kind: "duplicate", id: "ID0", time: NOW }, { kind: "accepted" }]);
  assert.equal(await send([{ ...HI, cid: "c" }, HI]), ACK);
});

Deno.test("msg.send by position never acknowledges what the store does not say it stored", async () => {
  for (const outcomes of [[], [{ kind: "accepted" }], Array(2).fill({ kind: "skipped" })]) {
    await assert.rejects(setUp(outcomes).send([HI, HI]), { name: "Error" });
  }
});

Deno.test("msg.send by name tells what became of each message", async () => {
  const { send, services, session } = setUp([
    { kind: "accepted" },
    { kind: "unknown" },
    { kind: "duplicate", id: "ID0", time: NOW - 1000 },
    { kind: "full" },
    { kind: "conflict" },
  ]);
  const messages = [HI, 5, HI, { ...HI, cid: "c2" }, HI, { ...HI, cid: "c4" }, { to: "bob" }];
  assert.deepEqual(await send({ messages }), {
    accepted: [
      { index: 0, id: "ID1", time: TIME },
      { index: 3, id: "ID0", time: "2026-11-22T15:59:59.000Z", cid: "c2", duplicate: true },
    ],
    rejected: [
      {
        index: 1,
        code: -32602,
        message: "Invalid params: params.messages[1] must be of type object",
        retryable: false,
      },
      { index: 2, code: -32002, message: "Receiver does not exist", retryable: false },
      { index: 4, code: -32003, message: FULL, retryable: true, retryAfter: 60 },
      { index: 5, code: -32009, message: "Client id stands for another message", retryable: false },
      {
        index: 6,
        code: -32602,
        message: "Invalid params: params.messages[6].message must be of type string",
        retryable: false,
      },
    ],
  });
  assert.deepEqual(services.appended[0]?.options, undefined);
  assert.deepEqual(session.taken, [messages.length]);
});

Deno.test("msg.send by name says of what the disk refused that it can be sent again", async () => {
  const { send } = setUp([{ kind: "accepted" }, { kind: "refused" }]);
  assert.deepEqual(await send({ messages: [HI, HI] }), {
    accepted: [{ index: 0, id: "ID1", time: TIME }],
    rejected: [{ index: 1, code: -32007, message: "Storage is unavailable", retryable: true }],
  });
});

Deno.test("msg.send by name answers the cid of what it accepted", async () => {
  const { send } = setUp();
  assert.deepEqual(await send({ messages: [{ ...HI, cid: "c1" }] }), {
    accepted: [{ index: 0, id: "ID1", time: TIME, cid: "c1" }],
    rejected: [],
  });
});

Deno.test("msg.send by name stores nothing where every message is refused", async () => {
  const { send, services } = setUp();
  const messages = [{ to: "", message: "hi" }, { to: "bob", message: "" }];
  const told = await send({ messages }) as { rejected: { index: number }[] };
  assert.deepEqual(told.rejected.map(({ index }) => index), [0, 1]);
  assert.equal(services.appended.length, 0);
});

Deno.test("msg.send refuses what is neither form", async () => {
  const { send, services } = setUp();
  const refused = [undefined, {}, [], { messages: [] }, { messages: HI }, { messages: null }, HI];
  for (const params of refused) {
    await assert.rejects(send(params), { key: "invalid_params" });
  }
  assert.equal(services.appended.length, 0);
});

Deno.test("msg.send takes messages up to the limit and none past it", async () => {
  const { send } = setUp();
  const most = Array(SEND_MESSAGES_MAX).fill(HI);
  assert.equal(await send(most), ACK);
  await send({ messages: most });
  for (const params of [[...most, HI], { messages: [...most, HI] }]) {
    await assert.rejects(
      send(params),
      (error) => error instanceof RpcError && error.data.limit === SEND_MESSAGES_MAX,
    );
  }
});

Deno.test("msg.send takes a text up to the limit in bytes and none past it", async () => {
  for (const [unit, bytes] of [["x", 1], ["ü", 2], ["€", 3], ["🐝", 4]] as const) {
    const { send, services } = setUp();
    const message = unit.repeat(MESSAGE_TEXT_BYTES_MAX / bytes);
    assert.equal(await send([{ to: "bob", message }]), ACK);
    assert.equal(JSON.parse(services.drafts[0]?.body ?? "").message, message);
    const error = await refusal({ to: "bob", message: message + "x" });
    assert.equal(error.key, "message_too_long");
    assert.deepEqual(error.data, {
      name: "message_too_long",
      retryable: false,
      field: "params[0].message",
      limit: MESSAGE_TEXT_BYTES_MAX,
      index: 0,
    });
    const told = await send({ messages: [{ to: "bob", message: message + "x" }] });
    assert.equal((told as { rejected: { code: number }[] }).rejected[0]?.code, -32004);
  }
});

Deno.test("msg.send refuses an empty text and one that is no Unicode", async () => {
  for (const message of ["", "a\ud800", "\udc00"]) {
    const error = await refusal({ to: "bob", message });
    assert.equal(error.data.field, "params[0].message");
    assert.equal(error.key, "invalid_params");
  }
});

Deno.test("msg.send refuses members past their limits and takes them at these", async () => {
  const { send } = setUp();
  const atLimit = {
    to: "u".repeat(USER_ID_BYTES_MAX),
    message: "x",
    cid: "c".repeat(CID_BYTES_MAX),
    ttl: TTL_SECONDS_MAX,
    time: TIME,
    urgent: true,
  };
  assert.equal(await send([atLimit, { ...atLimit, ttl: 1, time: NOW }]), ACK);
  const cases: [string, unknown][] = [
    ["to", atLimit.to + "u"],
    ["to", "a b"],
    ["to", 5],
    ["cid", atLimit.cid + "c"],
    ["cid", ""],
    ["cid", "a\nb"],
    ["ttl", 0],
    ["ttl", TTL_SECONDS_MAX + 1],
    ["ttl", 1.5],
    ["ttl", "1"],
    ["time", "yesterday"],
    ["time", "2026-02-30T00:00:00Z"],
    ["time", "2026-11-22T16:00:00"],
    ["time", 1.5],
    ["urgent", "yes"],
  ];
  for (const [member, value] of cases) {
    assert.equal((await refusal({ ...HI, [member]: value })).data.field, `params[0].${member}`);
  }
});

Deno.test("msg.send takes user names that are names of object members", async () => {
  const { send, services } = setUp();
  const names = ["__proto__", "constructor", "toString"];
  assert.equal(await send(names.map((to) => ({ to, message: to }))), ACK);
  assert.deepEqual(services.drafts.map(({ to }) => to), names.map((name) => name.toLowerCase()));
});

Deno.test("msg.send stores nothing past the send rate", async () => {
  for (const params of [[HI], { messages: [HI] }]) {
    const { send, services, session } = setUp();
    session.refusal = new RpcError("rate_limited", { retryAfter: 1 });
    await assert.rejects(send(params), { key: "rate_limited" });
    assert.equal(services.appended.length, 0);
  }
});

Deno.test("msg.send needs a user", () => {
  const call = () => createMsgSend().call([HI], new FakeSession(), new FakeServices());
  assert.throws(call, { key: "unauthenticated" });
});

Deno.test("msg.send accounts for every message of a by-name call exactly once", async () => {
  const item = fc.oneof(
    fc.jsonValue(),
    fc.record({ to: fc.string(), message: fc.string({ unit: "binary" }), ttl: fc.integer() }),
    fc.constant(HI),
  );
  const kinds = fc.array(fc.constantFrom("accepted", "unknown", "full"), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { minLength: 1 }), kinds, async (messages, kinds) => {
      const { send, services } = setUp();
      services.outcomes = (drafts) =>
        drafts.map((_, index) => ({ kind: kinds[index % kinds.length] ?? "accepted" }));
      const told = await send({ messages }) as Record<string, { index: number }[]>;
      const indexes = [told.accepted, told.rejected].flatMap((it) => it?.map(({ index }) => index));
      assert.deepEqual(
        indexes.sort((a = 0, b = 0) => a - b),
        messages.map((_, index) => index),
      );
    }),
  );
});
