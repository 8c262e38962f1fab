import assert from "node:assert/strict";
import { LogProvider } from "./log_provider.ts";
import type { Push } from "./push.ts";

const PUSH: Push = {
  target: { token: "TOKEN-1", keys: { p256dh: "P256-1", auth: "AUTH-1" }, topic: "org.x.app" },
  content: { badge: 3, fetch: true, sender: "SENDER-1", text: "TEXT-1", nonce: "NONCE-1" },
  urgent: true,
  collapse: "c1",
  expires: Date.UTC(2026, 10, 23),
};

Deno.test("LogProvider.send() writes one line of what would be sent, and nothing secret", async () => {
  const lines: string[] = [];
  await using provider = new LogProvider({ write: (line) => lines.push(line) });
  assert.equal(provider.name, "log");
  assert.deepEqual(await provider.send(PUSH), { kind: "accepted" });
  assert.deepEqual(lines, [
    "Push would be sent: urgent, badge 3, to be fetched, with its sender, " +
    'with a text of 6 characters, in place of "c1", until 2026-11-23T00:00:00.000Z',
  ]);
});

Deno.test("LogProvider.send() writes of what there is only", async () => {
  const lines: string[] = [];
  await using provider = new LogProvider({ write: (line) => lines.push(line) });
  const content = { badge: 0, fetch: false };
  await provider.send({ ...PUSH, content, urgent: false, expires: Infinity });
  assert.deepEqual(lines, [
    'Push would be sent: not urgent, badge 0, in place of "c1", until no time',
  ]);
});

Deno.test("LogProvider.send() names a sender as little as a text", async () => {
  const lines: string[] = [];
  await using provider = new LogProvider({ write: (line) => lines.push(line) });
  await provider.send(PUSH);
  for (const secret of ["TOKEN-1", "P256-1", "AUTH-1", "TEXT-1", "NONCE-1", "SENDER-1"]) {
    assert.ok(!lines.join().includes(secret), `${secret} was written`);
  }
});

Deno.test("LogProvider.check() has nobody to ask", async () => {
  const lines: string[] = [];
  await using provider = new LogProvider({ write: (line) => lines.push(line) });
  assert.deepEqual(await provider.check(), { kind: "unasked", reason: "Pushes are only logged" });
  assert.deepEqual(lines, []);
});
