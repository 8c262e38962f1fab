/**
 * What may be told of a fault of the network.
 *
 * @module
 */

/** Codes of faults are words in capitals; anything else in their place is not repeated. */
const CODE = /^[A-Z][A-Z0-9_]{2,60}$/;

/** Codes that say that the other side is not whom its certificate should make it. */
const TRUST = /CERT|SIGNATURE|ISSUER|TLS|SSL/;

/** How many causes of an error are looked at: a chain may be a ring. */
const CAUSES_MAX = 5;

/** Says in a few words why a connection failed, without anything that went over it (I8). */
export function describeFault(error: unknown): string {
  const code = codeOf(error) ?? "unknown fault";
  return TRUST.test(code) ? `its certificate is not trusted, or TLS failed (${code})` : code;
}

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string | undefined {
  let fault = error;
  for (let depth = 0; depth < CAUSES_MAX && fault instanceof Error; depth++, fault = fault.cause) {
    if ("code" in fault && typeof fault.code === "string" && CODE.test(fault.code)) {
      return fault.code;
    }
  }
  return undefined;
}
