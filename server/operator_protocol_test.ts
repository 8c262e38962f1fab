import assert from "node:assert/strict";
import {
  deviceQuerySchema,
  EMAIL_CHARS_MAX,
  isUserId,
  NAME_CHARS_MAX,
  newUserSchema,
  pageQuerySchema,
  userReportSchema,
} from "./operator_protocol.ts";
import { USER_PAGE_MAX } from "./user_admin.ts";

const isNewUser = (user: object) => newUserSchema.safeParse(user).success;

Deno.test("newUserSchema takes a user with and without what may be left out", () => {
  const full = { id: "alice", name: "Alice Liddell", email: "alice@example.com" };
  assert.deepEqual(newUserSchema.parse(full), full);
  assert.deepEqual(newUserSchema.parse({ id: "alice" }), { id: "alice" });
});

Deno.test("newUserSchema takes names and addresses up to their limits", () => {
  const name = (length: number) => ({ id: "alice", name: "n".repeat(length) });
  assert.ok(isNewUser(name(NAME_CHARS_MAX)) && !isNewUser(name(NAME_CHARS_MAX + 1)));
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
