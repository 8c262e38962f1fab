import assert from "node:assert/strict";
import { connectionFault } from "./connection_fault.ts";

const URL_SENT = "https://api.push.apple.com/3/device/SECRET";

Deno.test("connectionFault() says why there is no connection, and not to where", () => {
  const cases = [
    ["tcp connect error: Connection refused (os error 111)", "nobody listens there"],
    ["dns error: failed to lookup address information", "the host has no address"],
    ["tcp connect error: No route to host: unreachable", "there is no way to the host"],
    ["tcp connect error: deadline has elapsed, timed out", "it took too long"],
    ["Connection reset by peer (os error 104)", "it was reset"],
    ["received corrupt message of type InvalidContentType", "TLS failed"],
    ["invalid peer certificate: UnknownIssuer", "its certificate is not trusted: UnknownIssuer"],
    ["invalid peer certificate: Other(SECRET)", "its certificate is not trusted: Other"],
    ["SECRET", "the connection failed"],
  ];
  for (const [detail, words] of cases) {
    const message =
      `error sending request for url (${URL_SENT}): client error (Connect): ${detail}`;
    const reason = `Cannot connect to APNs: ${words}`;
    assert.deepEqual(connectionFault(failed(message)), { ended: "attempt", reason });
  }
});

Deno.test("connectionFault() tells a request that was reset from a connection that is gone", () => {
  const reset = "stream error received: unexpected internal error encountered";
  assert.deepEqual(connectionFault(failed(reset)), {
    ended: "request",
    reason: "APNs reset the request",
  });
  const gone = {
    ended: "connection",
    reason: "APNs ended the connection in the middle of the request",
  };
  for (const message of ["stream closed because of a broken pipe", `${URL_SENT}: SECRET`, ""]) {
    assert.deepEqual(connectionFault(failed(message)), gone);
  }
  const others = [new TypeError("error reading a body from connection"), "SECRET", null, undefined];
  for (const error of others) assert.deepEqual(connectionFault(error), gone);
});

/** As `fetch` of Deno says it. */
function failed(message: string): TypeError {
  return new TypeError("fetch failed", { cause: new Error(message) });
}
