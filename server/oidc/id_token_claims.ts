/**
 * What an ID token says of its user, once it is known to be genuine (OpenID Connect Core §5.1).
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { JWTPayload } from "jose";
import { USER_NAME_CHARS_MAX } from "../../limits.ts";
import { isNameText, parseHttpsUrl, parseUserId } from "../../rpc/mod.ts";
import { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
import { parseEmail } from "../email_address.ts";
import type { IssuerConfig } from "./issuer_config.ts";

/** Whom an ID token is for, and what its issuer says of them. */
export interface IdTokenClaims {
  /** The user's id here: the issuer's name, a colon, and the issuer's `sub` or a hash of it. */
  readonly user: string;
  /** When the token was issued, in milliseconds since 1970; 0 where it does not say. */
  readonly issued: number;
  /** A verified e-mail address: Unicode NFC, lower case. */
  readonly email?: string;
  /** What they are called, in one line. */
  readonly name?: string;
  /** The `https` URL of a picture. */
  readonly picture?: string;
}

/** A `sub` that may stand in a user id as it is: user ids are compared without case. */
const PLAIN_SUBJECT = /^[a-z0-9._@-]{1,64}$/;

/**
 * Reads the claims about the user. Of those that nothing depends on, bad ones are left out.
 *
 * @throws {BadCredentialError} the subject is missing or bad, or the e-mail address is where the
 * issuer's tokens must have one.
 */
export function readIdTokenClaims(payload: JWTPayload, config: IssuerConfig): IdTokenClaims {
  const { sub } = payload;
  if (sub === undefined) throw new BadCredentialError("no_subject");
  const user = userOf(config.name, sub);
  if (user === undefined) throw new BadCredentialError("bad_subject");
  const email = emailOf(payload, config.emailRequired ?? false);
  const [name, picture] = [nameOf(payload["name"]), pictureOf(payload["picture"])];
  return {
    user,
    issued: issuedOf(payload),
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
    ...(picture === undefined ? {} : { picture }),
  };
}

/**
 * The id of an issuer's user. No two subjects have the same: subjects are compared with case and
 * ids without, so whatever is not plain becomes its SHA-256.
 *
 * @returns undefined where that cannot be a subject.
 */
export function userOf(issuer: string, subject: unknown): string | undefined {
  if (typeof subject !== "string" || subject === "" || !subject.isWellFormed()) return undefined;
  const plain = PLAIN_SUBJECT.test(subject);
  const name = plain ? subject : `#${createHash("sha256").update(subject).digest("hex")}`;
  return parseUserId(`${issuer}:${name}`);
}

/** The address, if its issuer has verified it: any other may be anybody's. */
function emailOf(
  { email, email_verified: verified }: JWTPayload,
  isRequired: boolean,
): string | undefined {
  const refuse = (reason: BadCredentialReason) => {
    if (isRequired) throw new BadCredentialError(reason);
    return undefined;
  };
  if (isMissing(email)) return refuse("no_email");
  const normal = typeof email === "string" ? parseEmail(email) : undefined;
  if (normal === undefined) return refuse("malformed");
  // Apple writes it as a text.
  return verified === true || verified === "true" ? normal : refuse("unverified_email");
}

/** `iat` in milliseconds; 0, as if it were of old, where the token does not say. */
function issuedOf({ iat }: JWTPayload): number {
  return typeof iat === "number" ? iat * 1000 : 0;
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const name = [...value.trim()].slice(0, USER_NAME_CHARS_MAX).join("").trimEnd();
  return isNameText(name, USER_NAME_CHARS_MAX) ? name : undefined;
}

function pictureOf(value: unknown): string | undefined {
  return typeof value === "string" ? parseHttpsUrl(value) : undefined;
}

/** Some issuers send what they do not have (OpenID Connect Core §5.3.2 advises against it). */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
