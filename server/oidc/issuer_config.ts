/**
 * Whose ID tokens are accepted.
 *
 * @module
 */
import { ISSUER_NAME_CHARS_MAX } from "../../limits.ts";
import { isIssuerUrl } from "./issuer_url.ts";

/** One issuer whose ID tokens are accepted. */
export interface IssuerConfig {
  /** What the deployment calls it; the ids of its users begin with it. */
  readonly name: string;
  /** Its URL, exactly as its discovery document has it: `https`, or `http` on this machine. */
  readonly issuer: string;
  /** What it calls the deployment's applications; at least one. */
  readonly audiences: readonly string[];
  /** What else it calls itself in its tokens. @default {[]} */
  readonly aliases?: readonly string[];
  /** Whether a token must have an e-mail address. @default {false} */
  readonly emailRequired?: boolean;
}

/** Google, as its discovery document calls itself. */
export const GOOGLE_ISSUER = "https://accounts.google.com";

/** Google's tokens may say this instead (Google Identity, "Validating an ID token"). */
const GOOGLE_ALIAS = "accounts.google.com";

const NAME = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Google under the name `google`.
 *
 * @param audiences the OAuth client ids of the deployment's applications
 * @param issuer what stands for Google, in tests
 */
export function googleIssuer(
  audiences: readonly string[],
  issuer: string = GOOGLE_ISSUER,
): IssuerConfig {
  const aliases = issuer === GOOGLE_ISSUER ? [GOOGLE_ALIAS] : [];
  return { name: "google", issuer, audiences, aliases, emailRequired: true };
}

/** Whether an issuer may be called so: lower case letters, digits and, inside, hyphens. */
export function isIssuerName(name: string): boolean {
  return name.length <= ISSUER_NAME_CHARS_MAX && NAME.test(name);
}

/**
 * Checks what was configured.
 *
 * @throws {TypeError} nobody could sign in so, or not safely.
 */
export function assertIssuerConfig({ name, issuer, audiences }: IssuerConfig): void {
  if (!isIssuerName(name)) throw new TypeError(`Cannot use the issuer "${name}": bad name`);
  if (!isIssuerUrl(issuer)) throw new TypeError(`Cannot use the issuer "${name}": bad URL`);
  if (audiences.length === 0 || audiences.includes("")) {
    throw new TypeError(`Cannot use the issuer "${name}": no audience, or an empty one`);
  }
}
