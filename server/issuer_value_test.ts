import assert from "node:assert/strict";
import { ISSUER_AUDIENCES_MAX, ISSUERS_MAX, URL_CHARS_MAX } from "../limits.ts";
import { issuers, issuerUrl } from "./issuer_value.ts";

const ACME = { name: "acme", issuer: "https://login.acme.example", audience: "client-id" };

function read(...entries: readonly object[]) {
  return issuers().read(JSON.stringify(entries));
}

Deno.test("issuerUrl() keeps a URL as it is written", () => {
  const right = [
    "https://accounts.google.com",
    "https://acme.example/",
    "https://Acme.example:8443/a/b",
    "http://localhost:80",
    "http://127.1.2.3/a",
    "http://[::1]:8080",
    "https://a/" + "x".repeat(URL_CHARS_MAX - 10),
  ];
  for (const text of right) assert.equal(issuerUrl().read(text), text);
});

Deno.test("issuerUrl() refuses what no issuer is called", () => {
  const wrong = [
    "",
    "acme.example",
    "https:acme.example",
    "https://",
    "ftp://acme.example",
    "http://acme.example",
    "http://localhost.example",
    "http://128.0.0.1",
    "https://acme.example?a=1",
    "https://acme.example/#a",
    "https://user@acme.example",
    "https://user:secret@acme.example",
    "https://ac me.example",
    "https://acme.exam\nple",
    " https://acme.example",
    "https://a/" + "x".repeat(URL_CHARS_MAX - 9),
  ];
  for (const text of wrong) assert.equal(issuerUrl().read(text), undefined, text);
});

Deno.test("issuers() reads issuers with one audience or several", () => {
  assert.deepEqual(read(), []);
  const other = { name: "0-b", issuer: "http://127.0.0.1:1", audience: ["a", "b"] };
  assert.deepEqual(read(ACME, other), [
    { name: "acme", issuer: "https://login.acme.example", audiences: ["client-id"] },
    { name: "0-b", issuer: "http://127.0.0.1:1", audiences: ["a", "b"] },
  ]);
  // The same issuer may have two names, for two kinds of users.
  assert.equal(read(ACME, { ...ACME, name: "acme2" })?.length, 2);
});

Deno.test("issuers() refuses a name that cannot begin the ids of an issuer's users", () => {
  for (const name of ["a", "0", "a-", "x".repeat(32)]) {
    assert.equal(read({ ...ACME, name })?.[0]?.name, name);
  }
  for (const name of ["", "google", "Acme", "-a", "a:b", "a b", "ä", "x".repeat(33), 5, null]) {
    assert.equal(read({ ...ACME, name }), undefined, `${name}`);
  }
  assert.equal(read(ACME, { ...ACME, issuer: "https://b.example" }), undefined);
});

Deno.test("issuers() refuses issuers that lack something, or have something else", () => {
  for (const member of Object.keys(ACME)) {
    assert.equal(read({ ...ACME, [member]: undefined }), undefined, member);
  }
  for (const audience of ["", "a b", [], [""], [5], null, {}]) {
    assert.equal(read({ ...ACME, audience }), undefined, JSON.stringify(audience));
  }
  assert.equal(read({ ...ACME, audiences: ["a"] }), undefined);
  assert.equal(read({ ...ACME, issuer: "http://acme.example" }), undefined);
  for (const text of ["", "acme", "{}", "null", "[null]", "[[]]", JSON.stringify(ACME)]) {
    assert.equal(issuers().read(text), undefined, text);
  }
});

Deno.test("issuers() counts issuers and audiences", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...ACME, name: `a${i}` }));
  assert.equal(read(...many(ISSUERS_MAX))?.length, ISSUERS_MAX);
  assert.equal(read(...many(ISSUERS_MAX + 1)), undefined);
  const heard = (count: number) => ({ ...ACME, audience: many(count).map(({ name }) => name) });
  const [most] = read(heard(ISSUER_AUDIENCES_MAX)) ?? [];
  assert.equal(most?.audiences.length, ISSUER_AUDIENCES_MAX);
  assert.equal(read(heard(ISSUER_AUDIENCES_MAX + 1)), undefined);
});

Deno.test("issuers() tells where a mistake is", () => {
  const fault = (entries: unknown) => issuers().fault?.(JSON.stringify(entries));
  assert.equal(fault([ACME, { ...ACME, name: "b", audience: 5 }]), '"1.audience" is wrong');
  assert.equal(fault([ACME, { ...ACME, name: "b" }, ACME]), '"2.name" is wrong');
  assert.equal(fault([{ ...ACME, secret: 1 }]), '"0" is wrong');
  assert.equal(issuers().fault?.("["), "it is not JSON");
});
