import assert from "node:assert/strict";
import { once } from "node:events";
import { TEST_CA } from "../contract/test_certificate.ts";
import { LocalHttps } from "./contract/local_https.ts";
import { connectTls } from "./tls_connection.ts";

Deno.test("connectTls() connects to a host or an address that its CA vouches for", async () => {
  await using local = await LocalHttps.open(() => {});
  for (const host of ["localhost", "127.0.0.1"]) {
    const socket = connectTls(host, local.port, TEST_CA);
    await once(socket, "secureConnect");
    await once(socket.destroy(), "close");
  }
});

Deno.test("connectTls() trusts nobody else", async () => {
  await using local = await LocalHttps.open(() => {});
  const socket = connectTls("localhost", local.port);
  await assert.rejects(once(socket, "secureConnect"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
});
