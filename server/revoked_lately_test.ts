import assert from "node:assert/strict";
import type { CredentialMark } from "../rpc/mod.ts";
import { isRevokedBy, RevokedLately } from "./revoked_lately.ts";

const MARK: CredentialMark = { id: "t1", session: "s1", issued: 10, expires: 99 };

Deno.test("isRevokedBy() counts a token issued at the very moment, and one without a time", () => {
  const revocation = { kind: "user", user: "ann", before: 10 } as const;
  assert.equal(isRevokedBy(revocation, "ann", MARK), true);
  assert.equal(isRevokedBy(revocation, "ann", { ...MARK, issued: 10.5 }), false);
  assert.equal(isRevokedBy(revocation, "ann", { ...MARK, issued: undefined }), true);
  assert.equal(isRevokedBy(revocation, "bob", MARK), false);
});

Deno.test("isRevokedBy() takes a session and a token for no others", () => {
  const session = { kind: "session", user: "ann", session: "s1" } as const;
  assert.equal(isRevokedBy(session, "ann", MARK), true);
  assert.equal(isRevokedBy(session, "ann", { ...MARK, session: "s2" }), false);
  assert.equal(isRevokedBy(session, "ann", { ...MARK, session: undefined }), false);
  assert.equal(isRevokedBy({ kind: "token", id: "t1" }, "ann", MARK), true);
  assert.equal(isRevokedBy({ kind: "token", id: "t2" }, "ann", MARK), false);
});

Deno.test("RevokedLately.has() knows the last 10,000 of each kind", () => {
  const lately = new RevokedLately();
  lately.add({ kind: "user", user: "ann", before: 10 });
  for (let i = 0; i < 10_000; i++) lately.add({ kind: "token", id: `x${i}` });
  assert.equal(lately.has("bob", { ...MARK, id: "x0" }), true);
  lately.add({ kind: "token", id: "x10000" });
  assert.equal(lately.has("bob", { ...MARK, id: "x0" }), false);
  assert.equal(lately.has("bob", { ...MARK, id: "x1" }), true);
  assert.equal(lately.has("ann", MARK), true);
});

Deno.test("RevokedLately.add() again makes a revocation young again", () => {
  const lately = new RevokedLately();
  for (let i = 0; i < 10_000; i++) lately.add({ kind: "session", user: "u", session: `x${i}` });
  lately.add({ kind: "session", user: "u", session: "x0" });
  lately.add({ kind: "session", user: "u", session: "new" });
  assert.equal(lately.has("u", { ...MARK, session: "x0" }), true);
  assert.equal(lately.has("u", { ...MARK, session: "x1" }), false);
});
