import assert from "node:assert/strict";
import { describeFault } from "./fault.ts";

const coded = (code: unknown, cause?: unknown) =>
  Object.assign(new Error("It said: secret", { cause }), { code });

Deno.test("describeFault() tells the code of an error, or of what caused it", () => {
  assert.equal(describeFault(coded("ECONNREFUSED")), "ECONNREFUSED");
  assert.equal(describeFault(coded("app/network-error", coded("ENOTFOUND"))), "ENOTFOUND");
});

Deno.test("describeFault() says that a certificate is not trusted", () => {
  for (const code of ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_HAS_EXPIRED", "ERR_TLS_X"]) {
    assert.equal(
      describeFault(coded(code)),
      `its certificate is not trusted, or TLS failed (${code})`,
    );
  }
});

Deno.test("describeFault() repeats nothing else", () => {
  const ring = coded("ya29.token");
  ring.cause = ring;
  for (const error of [new Error("secret"), coded(7), coded("a secret"), ring, "secret", null]) {
    assert.equal(describeFault(error), "unknown fault");
  }
});
