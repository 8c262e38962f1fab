import assert from "node:assert/strict";
import { URL_CHARS_MAX, USER_NAME_CHARS_MAX } from "../limits.ts";
import { TOKEN_ID_CHARS_MAX } from "./auth/mod.ts";
import { DATE_MS_MAX } from "./clock.ts";
import { EMAIL_CHARS_MAX } from "./email_address.ts";
import {
  deviceQuerySchema,
  emailSchema,
  exportPageSchema,
  exportQuerySchema,
  isUserId,
  newUserSchema,
  pageQuerySchema,
  profileChangeSchema,
  revocationSchema,
  statusSchema,
  trialStepSchema,
  userReportSchema,
} from "./operator_protocol.ts";
import { STATUS } from "./fake_server_admin.ts";
import { USER_PAGE_MAX } from "./user_admin.ts";

const isNewUser = (user: object) => newUserSchema.safeParse(user).success;

Deno.test("newUserSchema takes a user with and without what may be left out", () => {
  const full = { id: "alice", name: "Alice Liddell", email: "alice@example.com" };
  assert.deepEqual(newUserSchema.parse(full), full);
  assert.deepEqual(newUserSchema.parse({ id: "alice" }), { id: "alice" });
});

Deno.test("newUserSchema takes names and addresses up to their limits", () => {
  const name = (length: number) => ({ id: "alice", name: "n".repeat(length) });
  assert.ok(isNewUser(name(USER_NAME_CHARS_MAX)) && !isNewUser(name(USER_NAME_CHARS_MAX + 1)));
  const email = (length: number) => ({ id: "alice", email: "a@".padEnd(length, "b") });
  assert.ok(isNewUser(email(EMAIL_CHARS_MAX)) && !isNewUser(email(EMAIL_CHARS_MAX + 1)));
});

Deno.test("newUserSchema refuses what is no user", () => {
  assert.ok(!isNewUser({ id: "Alice" }));
  assert.ok(!isNewUser({ id: "a b" }));
  assert.ok(!isNewUser({ id: "" }));
  assert.ok(!isNewUser({ id: "alice", name: "" }));
  assert.ok(!isNewUser({ id: "alice", name: "two\nlines" }));
  assert.ok(!isNewUser({ id: "alice", email: "nowhere" }));
  assert.ok(!isNewUser({ id: "alice", email: "a@b@c" }));
});

Deno.test("emailSchema brings addresses into the form in which issuers' are kept", () => {
  assert.equal(emailSchema.parse("Ren\u0065\u0301@Example.COM"), "ren\u00e9@example.com");
  assert.equal(
    newUserSchema.parse({ id: "bob", email: "BOB@example.com" }).email,
    "bob@example.com",
  );
  for (const wrong of ["a b@c", "a@b\u200bc", "@", "a@", "@b"]) {
    assert.ok(!emailSchema.safeParse(wrong).success, wrong);
  }
});

Deno.test("profileChangeSchema takes what user.update takes", () => {
  const change = { name: "Zoë 😀", picture: "https://example.com/zoe.png" };
  assert.deepEqual(profileChangeSchema.parse(change), change);
  assert.deepEqual(profileChangeSchema.parse({ name: null }), { name: null });
  assert.deepEqual(profileChangeSchema.parse({ picture: null }), { picture: null });
  const isChange = (value: object) => profileChangeSchema.safeParse(value).success;
  const name = (length: number) => isChange({ name: "n".repeat(length) });
  assert.ok(name(USER_NAME_CHARS_MAX) && !name(USER_NAME_CHARS_MAX + 1) && !name(0));
  const picture = (length: number) => isChange({ picture: "https://a/".padEnd(length, "b") });
  assert.ok(picture(URL_CHARS_MAX) && !picture(URL_CHARS_MAX + 1));
  assert.ok(!isChange({}) && !isChange({ email: "a@b" }) && !isChange({ name: "two\nlines" }));
  assert.ok(!isChange({ picture: "http://a/" }) && !isChange({ picture: "https://me@a/" }));
  assert.ok(!isChange({ name: undefined }) && !isChange({ name: false }));
});

Deno.test("revocationSchema takes a user or a token, and not both", () => {
  const isRevocation = (value: object) => revocationSchema.safeParse(value).success;
  for (const user of ["bob", "..", "constructor"]) assert.ok(isRevocation({ user }), user);
  assert.ok(!isRevocation({ user: "Bob" }) && !isRevocation({ user: "echo" }));
  const token = (length: number) => isRevocation({ token: "t".repeat(length), until: 1 });
  assert.ok(token(1) && token(TOKEN_ID_CHARS_MAX) && !token(TOKEN_ID_CHARS_MAX + 1) && !token(0));
  assert.ok(!isRevocation({ token: "\ud800", until: 1 }));
  const until = (value: unknown) => isRevocation({ token: "t", until: value });
  assert.ok(until(0) && until(DATE_MS_MAX) && !until(DATE_MS_MAX + 1));
  assert.ok(!until(-1) && !until(0.5) && !until(undefined));
  assert.ok(!isRevocation({ user: "bob", token: "t", until: 1 }) && !isRevocation({}));
});

Deno.test("exportQuerySchema takes the first page, and a place where a page ends", () => {
  const parse = (after?: string) =>
    exportQuerySchema.safeParse({ user: "..", ...(after === undefined ? {} : { after }) });
  assert.deepEqual(parse().data, { user: ".." });
  const mailbox = { part: "mailbox", after: 70 };
  assert.deepEqual(parse("m70").data, { user: "..", after: mailbox });
  const aside = { part: "aside", after: { position: 7, device: "a:b" } };
  assert.deepEqual(parse("a7:a:b").data, { user: "..", after: aside });
  for (const wrong of ["", " ", "0", "70", "m-1", "m1.5", "a1", `m${"9".repeat(17)}`]) {
    assert.ok(!parse(wrong).success, wrong);
  }
});

Deno.test("exportPageSchema takes the first page and those behind it", () => {
  const message = {
    id: "m1",
    kind: "message",
    from: "a",
    to: "b",
    time: 1,
    expires: 2,
    body: "{}",
  };
  const push = {
    provider: "web",
    token: "https://p/",
    keys: { p256dh: "k", auth: "a" },
    registered: 3,
  };
  const first = {
    user: { id: "bob", registered: 1 },
    devices: [{ user: "bob", id: "phone", platform: "web", seen: 4, push }],
    messages: [message, { ...message, setAside: { device: "tty" } }],
    next: "a7:phone",
  };
  const next = { part: "aside", after: { position: 7, device: "phone" } };
  assert.deepEqual(exportPageSchema.parse(first), { ...first, next });
  assert.ok(!exportPageSchema.safeParse({ ...first, next: 7 }).success);
  const last = { messages: [], next: null };
  assert.deepEqual(exportPageSchema.parse(last), last);
  assert.ok(
    !exportPageSchema.safeParse({ messages: [{ ...message, kind: "note" }], next: null }).success,
  );
});

Deno.test("userReportSchema takes what is known of a device, and no more of push than whose", () => {
  const device = {
    id: "phone",
    platform: "ios",
    name: "Bob's phone",
    seen: 1,
    push: "apns",
    session: 9,
    cursor: null,
    online: true,
  };
  const report = {
    user: { id: "bob", registered: 1 },
    devices: [device],
    waiting: { messages: 0, bytes: 0 },
  };
  assert.deepEqual(userReportSchema.parse(report), report);
  const leaky = { ...report, devices: [{ ...device, push: { provider: "apns", token: "t" } }] };
  assert.ok(!userReportSchema.safeParse(leaky).success);
});

Deno.test("pageQuerySchema takes pages up to the limit", () => {
  const isPage = (limit: string) => pageQuerySchema.safeParse({ after: "", limit }).success;
  assert.deepEqual(pageQuerySchema.parse({ after: "bob", limit: "7" }), { after: "bob", limit: 7 });
  assert.ok(isPage(`${USER_PAGE_MAX}`) && !isPage(`${USER_PAGE_MAX + 1}`));
  assert.ok(isPage("1") && !isPage("0") && !isPage("1.5") && !isPage("many"));
});

Deno.test("deviceQuerySchema takes ids in their normal form", () => {
  const isDevice = (user: string, device: string) =>
    deviceQuerySchema.safeParse({ user, device }).success;
  assert.ok(isDevice("bob", "Phone") && isDevice("bob", "..") && isDevice("bob", "d".repeat(64)));
  assert.ok(!isDevice("Bob", "Phone") && !isDevice("bob", "") && !isDevice("bob", "a b"));
  assert.ok(!isDevice("bob", "d".repeat(65)) && !isDevice("echo", "Phone"));
});

Deno.test("userReportSchema bears members of a newer version", () => {
  const report = {
    user: { id: "bob", registered: 1 },
    devices: [],
    waiting: { messages: 0, bytes: 0 },
  };
  assert.deepEqual(userReportSchema.parse({ ...report, mood: "good" }), report);
});

Deno.test("isUserId() knows ids in their normal form", () => {
  assert.ok(isUserId("alice") && isUserId("a/b?c#d%") && isUserId("älice"));
  assert.ok(!isUserId("Alice") && !isUserId("a b") && !isUserId(""));
});

Deno.test("isUserId() leaves the bot to Titan", () => {
  assert.equal(isUserId("echo"), false);
});

Deno.test("statusSchema takes what a server tells, and no figures that are none", () => {
  assert.deepEqual(statusSchema.parse(STATUS), STATUS);
  const pushes = { ...STATUS.pushes, sent: -1 };
  assert.ok(!statusSchema.safeParse({ ...STATUS, pushes }).success);
});

Deno.test("trialStepSchema takes every outcome of a push", () => {
  const outcomes = [
    { kind: "accepted" },
    { kind: "unregistered", since: 5 },
    { kind: "rejected", reason: "Too large" },
    { kind: "retry", reason: "Too many", afterMs: 5 },
    { kind: "misconfigured", reason: "Bad key" },
  ];
  for (const outcome of outcomes) {
    const step = { step: "outcome", ok: false, outcome };
    assert.deepEqual(trialStepSchema.parse(step), step);
  }
});
