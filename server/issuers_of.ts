/**
 * Whose ID tokens a deployment accepts.
 *
 * @module
 */
import type { Config } from "./config.ts";
import { googleIssuer, type IssuerConfig } from "./oidc/mod.ts";

/** The issuers of a configuration, Google among them where it has a client id. */
export function issuersOf(
  { googleClientIds, googleIssuer: url, oidc }: Pick<
    Config,
    "googleClientIds" | "googleIssuer" | "oidc"
  >,
): readonly IssuerConfig[] {
  return [...googleClientIds.length > 0 ? [googleIssuer(googleClientIds, url)] : [], ...oidc];
}
