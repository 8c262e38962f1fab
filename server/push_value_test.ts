import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { generateVapidKeys } from "../push/mod.ts";
import { apnsPlace, appleId, bundleId, origin, origins, p8Key, vapidPart } from "./push_value.ts";

/** A private key in PEM. */
function pemOf(namedCurve: string, type: "pkcs8" | "sec1" = "pkcs8"): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve });
  return `${privateKey.export({ type, format: "pem" })}`;
}

Deno.test("p8Key() reads the text of a key, as it is in its file and on one line", () => {
  const text = pemOf("prime256v1").trim();
  assert.deepEqual(p8Key().read(text), { kind: "text", text });
  assert.deepEqual(p8Key().read(text.replaceAll("\n", "\\n")), { kind: "text", text });
});

Deno.test("p8Key() reads a path", () => {
  const path = "/etc/titan/AuthKey_ABCDE12345.p8";
  assert.deepEqual(p8Key().read(path), { kind: "path", path });
  assert.equal(p8Key().read("a\0b"), undefined);
});

Deno.test("p8Key() refuses the text of another key", () => {
  const text = pemOf("prime256v1");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const wrong = [
    pemOf("secp384r1"),
    `${rsa.export({ type: "pkcs8", format: "pem" })}`,
    text.replace("PRIVATE", "PUBLIC"),
    text.slice(0, 60),
    "-----BEGIN PRIVATE KEY-----",
  ];
  for (const key of wrong) assert.equal(p8Key().read(key), undefined);
});

Deno.test("appleId() and bundleId() read what Apple gives out", () => {
  assert.equal(appleId().read("ABCDE12345"), "ABCDE12345");
  for (const text of ["abcde12345", "ABCDE1234", "ABCDE123456", "ABCDE 2345"]) {
    assert.equal(appleId().read(text), undefined);
  }
  assert.equal(bundleId().read("org.example.My-Chat2"), "org.example.My-Chat2");
  for (const text of ["a b", "a/b", "a".repeat(256)]) {
    assert.equal(bundleId().read(text), undefined);
  }
});

Deno.test("apnsPlace() reads Apple's words and origins", () => {
  assert.equal(apnsPlace().read("production"), "production");
  assert.equal(apnsPlace().read("sandbox"), "sandbox");
  assert.deepEqual(apnsPlace().read("https://localhost:8443/"), new URL("https://localhost:8443"));
  for (const text of ["Production", "api.push.apple.com", "http://localhost", "https://a/b"]) {
    assert.equal(apnsPlace().read(text), undefined);
  }
});

Deno.test("origin() and origins() read https URLs of a host and nothing more", () => {
  assert.deepEqual(origin().read("https://Push.example"), new URL("https://push.example"));
  assert.deepEqual(origins(2).read("https://Push.example, https://[::1]:8443/"), [
    "https://push.example",
    "https://[::1]:8443",
  ]);
  const wrong = ["push.example", "http://push.example", "https://push.example/a", "https://a?b"];
  for (const text of [...wrong, "https://a#b", "https://user@a", "https://u:p@a"]) {
    assert.equal(origin().read(text), undefined, text);
    assert.equal(origins(2).read(`https://fine.example ${text}`), undefined, text);
  }
  assert.equal(origins(2).read(","), undefined);
  assert.equal(origins(2).read("https://a https://b https://c"), undefined);
});

Deno.test("vapidPart() reads the parts of an identity", async () => {
  const { publicKey, privateKey } = await generateVapidKeys();
  assert.equal(vapidPart("publicKey").read(publicKey), publicKey);
  assert.equal(vapidPart("privateKey").read(privateKey), privateKey);
  assert.equal(vapidPart("subject").read("mailto:ops@x.example"), "mailto:ops@x.example");
  assert.equal(vapidPart("publicKey").read(privateKey), undefined);
  assert.equal(vapidPart("privateKey").read(publicKey), undefined);
  assert.equal(vapidPart("subject").read("ops@x.example"), undefined);
});

// The three lines of VAPID come together, and so do those of APNs: one may stand where another should.
Deno.test("what is no secret shows no key that stands in its place", async () => {
  const { privateKey } = await generateVapidKeys();
  // Half of all keys could be a bundle id, but for this.
  const plain = "pZlmpBcq7VCvtwqLYjejfwWBxZdxoFCaM-0t3R7QBq4";
  const pem = "-----BEGIN PRIVATE KEY-----\nMIG";
  const places = [apnsPlace(), origin(), origins(2)];
  for (const value of [vapidPart("subject"), appleId(), bundleId(), ...places]) {
    for (const text of [privateKey, plain, pem]) {
      assert.equal(value.read(text), undefined);
      assert.match(value.fault?.(text) ?? "", /^it is a text of \d+ characters, not shown$/);
    }
    assert.equal(value.fault?.("ops@x.example"), undefined);
  }
});
