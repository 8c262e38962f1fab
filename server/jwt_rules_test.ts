import assert from "node:assert/strict";
import { errors, SignJWT } from "jose";
import { BadCredentialError, type BadCredentialReason } from "./bad_credential.ts";
import { PUBLIC_KEY_ALGORITHMS, refusalOf } from "./jwt_rules.ts";

const PAYLOAD = { sub: "somebody who is not told of" };

function claimFailed(claim: string, reason: string): errors.JWTClaimValidationFailed {
  return new errors.JWTClaimValidationFailed(`"${claim}" is wrong`, PAYLOAD, claim, reason);
}

Deno.test("PUBLIC_KEY_ALGORITHMS work with no secret", async () => {
  for (const alg of PUBLIC_KEY_ALGORITHMS) {
    const signing = new SignJWT(PAYLOAD).setProtectedHeader({ alg }).sign(new Uint8Array(64));
    await assert.rejects(signing, TypeError, alg);
  }
});

Deno.test("refusalOf() says why the library refused a token, and no more", () => {
  const cases: readonly [error: errors.JOSEError, reason: BadCredentialReason][] = [
    [new errors.JWSSignatureVerificationFailed(), "bad_signature"],
    [new errors.JOSEAlgNotAllowed("ES512"), "wrong_algorithm"],
    [new errors.JWKSNoMatchingKey(), "unknown_key"],
    [new errors.JWTExpired('"exp" is over', PAYLOAD, "exp", "check_failed"), "expired"],
    [new errors.JWSInvalid("No token"), "malformed"],
    [new errors.JWTInvalid("No claims"), "malformed"],
    [claimFailed("iss", "missing"), "wrong_issuer"],
    [claimFailed("iss", "check_failed"), "wrong_issuer"],
    [claimFailed("aud", "missing"), "wrong_audience"],
    [claimFailed("aud", "check_failed"), "wrong_audience"],
    [claimFailed("exp", "missing"), "no_expiry"],
    [claimFailed("exp", "invalid"), "malformed"],
    [claimFailed("nbf", "check_failed"), "not_yet_valid"],
    [claimFailed("nbf", "invalid"), "malformed"],
    [claimFailed("iat", "invalid"), "malformed"],
  ];
  for (const [error, reason] of cases) {
    const refusal = refusalOf(error);
    assert.ok(refusal instanceof BadCredentialError, String(refusal));
    assert.deepEqual([refusal.reason, refusal.cause], [reason, undefined]);
    assert.ok(!Deno.inspect(refusal).includes(PAYLOAD.sub));
  }
});

Deno.test("refusalOf() leaves the errors of others as they are", () => {
  const refused = new BadCredentialError("unknown_key");
  for (const error of [refused, new TypeError("A fault"), "a text", undefined]) {
    assert.equal(refusalOf(error), error);
  }
});
