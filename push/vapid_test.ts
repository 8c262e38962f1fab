import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { findVapidFaults, generateVapidKeys, type VapidIdentity } from "./vapid.ts";

const SUBJECT = "mailto:ops@titan.example";

Deno.test("generateVapidKeys() makes a pair without fault, another one each time", async () => {
  const pairs = await Promise.all(Array.from({ length: 20 }, generateVapidKeys));
  for (const pair of pairs) {
    assert.deepEqual(findVapidFaults({ ...pair, subject: SUBJECT }), []);
    assert.equal(Buffer.from(pair.publicKey, "base64url").length, 65);
    assert.equal(Buffer.from(pair.privateKey, "base64url").length, 32);
  }
  assert.equal(new Set(pairs.map(({ privateKey }) => privateKey)).size, pairs.length);
});

// Appendix A of RFC 8291 has a pair.
Deno.test("findVapidFaults() finds none in a pair that others made", () => {
  const identity = {
    publicKey:
      "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
    privateKey: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    subject: SUBJECT,
  };
  assert.deepEqual(findVapidFaults(identity), []);
});

Deno.test("findVapidFaults() finds a public key that is not of the private one", async () => {
  const [one, two] = [await generateVapidKeys(), await generateVapidKeys()];
  const identity = { publicKey: one.publicKey, privateKey: two.privateKey, subject: SUBJECT };
  const message = "must be the public half of the private key";
  assert.deepEqual(findVapidFaults(identity), [{ part: "publicKey", message }]);
});

Deno.test("findVapidFaults() finds what is no key", async () => {
  const identity = { ...await generateVapidKeys(), subject: SUBJECT };
  const { publicKey, privateKey } = identity;
  const compressed = Buffer.from(publicKey, "base64url").fill(2, 0, 1).toString("base64url");
  const order = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
  const publicKeys = [
    "",
    privateKey,
    `${publicKey}=`,
    `${publicKey}A`,
    ` ${publicKey}`,
    compressed,
  ];
  for (const unfit of publicKeys) assertFaults({ ...identity, publicKey: unfit }, ["publicKey"]);
  const privateKeys = ["", publicKey, `${privateKey}=`, privateKey.slice(1), "A".repeat(43), order];
  for (const unfit of privateKeys) assertFaults({ ...identity, privateKey: unfit }, ["privateKey"]);
});

Deno.test("findVapidFaults() finds what is no subject", async () => {
  const keys = await generateVapidKeys();
  const fit = [
    SUBJECT,
    "mailto:a+b@x.co",
    "https://titan.example",
    "https://titan.example/contact",
  ];
  for (const subject of fit) assertFaults({ ...keys, subject }, []);
  const unfit = [
    "",
    "ops@titan.example",
    "mailto:",
    "mailto:ops",
    "mailto: ops@titan.example",
    "mailto:<ops@titan.example>",
    "mailto:ops@localhost",
    "http://titan.example",
    "https://",
    "https://localhost",
    "https://localhost:8443/",
    `https://titan.example/${"a".repeat(255)}`,
  ];
  for (const subject of unfit) assertFaults({ ...keys, subject }, ["subject"]);
});

Deno.test("findVapidFaults() tells all faults at once, and no secret", () => {
  const identity = { publicKey: "PUBLIC", privateKey: "PRIVATE", subject: "SUBJECT" };
  assertFaults(identity, ["publicKey", "privateKey", "subject"]);
});

function assertFaults(identity: VapidIdentity, parts: readonly string[]): void {
  const faults = findVapidFaults(identity);
  assert.deepEqual(faults.map(({ part }) => part), parts, JSON.stringify(faults));
  for (const { message } of faults) {
    assert.ok(identity.privateKey === "" || !message.includes(identity.privateKey));
    assert.match(message, /^must be /);
  }
}
