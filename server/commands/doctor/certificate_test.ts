import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { FakeClock } from "../../fake_clock.ts";
import { systemClock } from "../../clock.ts";
import { openFakeApns } from "../../../push/apns/fake_world.ts";
import { checkCertificate } from "./certificate.ts";

Deno.test("checkCertificate() finds a certificate that nobody trusts", async () => {
  await using opened = await openFakeApns();
  const finding = await checkCertificate(new URL(opened.apns.url), systemClock);
  assert.equal(finding.mark, "wrong");
  assert.match(finding.text, /^It is not trusted: [A-Z_]+$/);
});

Deno.test("checkCertificate() does not judge a host that does not answer", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const held = once(server, "connection");
  const clock = new FakeClock();
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const silent = checkCertificate(new URL(`https://127.0.0.1:${address.port}/`), clock);
  const [connection] = await held;
  clock.advance(5000);
  assert.deepEqual((await silent).text, "No answer came: ETIMEDOUT");
  connection.destroy();
  await new Promise((resolve) => server.close(resolve));
  const gone = await checkCertificate(new URL(`https://127.0.0.1:${address.port}/`), systemClock);
  assert.deepEqual([gone.mark, gone.text], ["skipped", "No answer came: ECONNREFUSED"]);
});
