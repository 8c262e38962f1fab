/**
 * E-mail addresses, in the one form in which they are kept, looked for and compared.
 *
 * @module
 */

/** An e-mail address, in characters (RFC 5321 §4.5.3.1.3, without the angle brackets). */
export const EMAIL_CHARS_MAX = 254;

/** Addresses are as many as mail systems allow; this tells one from something else. */
const EMAIL = /^[^@\s\p{Z}\p{Cc}\p{Cf}\p{Cs}]+@[^@\s\p{Z}\p{Cc}\p{Cf}\p{Cs}]+$/u;

/**
 * Brings an e-mail address into its normal form: Unicode NFC, small letters.
 *
 * @param value what somebody gave
 * @returns undefined where it is none, or longer than {@linkcode EMAIL_CHARS_MAX} in that form
 */
export function parseEmail(value: string): string | undefined {
  // Small letters may be of another composition than the capital ones were.
  const email = value.normalize("NFC").toLowerCase().normalize("NFC");
  return email.length <= EMAIL_CHARS_MAX && EMAIL.test(email) ? email : undefined;
}
