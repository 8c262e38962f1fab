/** What one frame costs between the socket and the store: `deno bench rpc/router_bench.ts`. */
import type { Draft, Outcome } from "../store/mod.ts";
import { FakeAccounts } from "./fake_accounts.ts";
import { parseFrame, resultFrame } from "./json_rpc.ts";
import { recvFrame } from "./message.ts";
import { createMethods } from "./methods/mod.ts";
import { Router } from "./router.ts";
import type { Services, Session } from "./session.ts";
import { createUlid } from "./ulid.ts";
import { parseUserId } from "./user_id.ts";

const TEXT = "x".repeat(100);
const ACCEPTED: readonly Outcome[] = [{ kind: "accepted" }];

const newId = createUlid(() => Date.now(), (buffer) => crypto.getRandomValues(buffer));
const services: Services = {
  mailboxes: {
    append: (drafts: readonly Draft[]) =>
      Promise.resolve(drafts.length === 1 ? ACCEPTED : drafts.map(() => ({ kind: "accepted" }))),
  },
  accounts: new FakeAccounts(),
  pushes: { received: () => false },
  traces: { find: () => null },
  now: () => Date.now(),
  newId,
  version: "0.0.0",
};
const session: Session = {
  identity: { user: "user17", device: "default" },
  credential: undefined,
  address: "203.0.113.7",
  duplex: true,
  isGone: false,
  receipts: false,
  signIn: () => Promise.reject(new Error("Nobody signs in here")),
  signInWith: () => Promise.reject(new Error("Nobody signs in here")),
  takeSend: () => {},
};
const caller = { session, fresh: false, onResponse() {} };
const router = new Router({ methods: createMethods(), services, report: () => "" });

function frame(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id: "s12345", method, params });
}

const message = { to: "user18", message: TEXT };
const seed = frame("msg.send", [message]);
const rich = frame("msg.send", { messages: [message] });
const withCid = frame("msg.send", [{ ...message, cid: "0123456789abcdef" }]);
const withTime = frame("msg.send", [{ ...message, time: "2026-11-22T16:00:00.123Z" }]);
const hundred = frame("msg.send", Array.from({ length: 100 }, () => message));
const batch = `[${Array.from({ length: 10 }, () => seed).join(",")}]`;
const ack = '{"jsonrpc":"2.0","id":"r12345","result":"ACK"}';
const echo = frame("echo", { message: TEXT });
const delivery = {
  entry: {
    body: `{"id":"${newId()}","from":"user17","to":"user18","time":"","message":"${TEXT}"}`,
  },
  redelivered: 0,
};
const deliveries = Array.from({ length: 64 }, () => delivery);

Deno.bench("JSON.parse() of a msg.send", { group: "codec", baseline: true }, () => {
  JSON.parse(seed);
});
Deno.bench("parseFrame() of a msg.send", { group: "codec" }, () => {
  parseFrame(seed);
});
Deno.bench("parseFrame() of an acknowledgement", { group: "codec" }, () => {
  parseFrame(ack);
});
Deno.bench("resultFrame()", { group: "codec" }, () => {
  resultFrame("s12345", '"ACK"');
});
Deno.bench("recvFrame() of 1", { group: "codec" }, () => {
  recvFrame("r12345", [delivery]);
});
Deno.bench("recvFrame() of 64", { group: "codec" }, () => {
  recvFrame("r12345", deliveries);
});
Deno.bench("createUlid()", { group: "codec" }, () => {
  newId();
});
Deno.bench("parseUserId()", { group: "codec" }, () => {
  parseUserId("user17");
});

Deno.bench("Router: msg.send", { group: "router", baseline: true }, async () => {
  await router.handle(seed, caller);
});
Deno.bench("Router: msg.send by name", { group: "router" }, async () => {
  await router.handle(rich, caller);
});
Deno.bench("Router: msg.send with cid", { group: "router" }, async () => {
  await router.handle(withCid, caller);
});
Deno.bench("Router: msg.send with time", { group: "router" }, async () => {
  await router.handle(withTime, caller);
});
Deno.bench("Router: msg.send of 100", { group: "router" }, async () => {
  await router.handle(hundred, caller);
});
Deno.bench("Router: batch of 10 msg.send", { group: "router" }, async () => {
  await router.handle(batch, caller);
});
Deno.bench("Router: acknowledgement", { group: "router" }, () => {
  router.handle(ack, caller);
});
Deno.bench("Router: echo", { group: "router" }, () => {
  router.handle(echo, caller);
});
