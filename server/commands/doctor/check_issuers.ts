/**
 * Whether those who issue credentials can be reached: without their keys nobody signs in with them.
 *
 * @module
 */
import type { Config } from "../../config.ts";
import { countIssuerKeys, countKeys, DocumentError, type FetchWorld } from "../../oidc/mod.ts";
import { issuersOf } from "../../issuers_of.ts";
import { type Finding, ok, skipped, wrong } from "./finding.ts";

/** What of the configuration names issuers. */
export type IssuerChoices = Parameters<typeof issuersOf>[0] & Pick<Config, "jwtKeys">;

const ADVICE = "Nobody can sign in with it: look at its URL, and at the way there";

/** Fetches the keys of every issuer. */
export async function checkIssuers(
  config: IssuerChoices,
  world: FetchWorld,
): Promise<readonly Finding[]> {
  const { jwtKeys } = config;
  const checks = issuersOf(config).map(({ name, issuer }) =>
    checkKeys(`issuer ${name}`, issuer, () => countIssuerKeys(issuer, world))
  );
  if (jwtKeys?.kind === "url") {
    const { url } = jwtKeys;
    checks.push(checkKeys("TITAN_JWT_KEYS", url, () => countKeys(url, world)));
  }
  if (checks.length === 0) return [skipped("issuers", "None is configured")];
  return await Promise.all(checks);
}

async function checkKeys(
  check: string,
  url: string,
  count: () => Promise<number>,
): Promise<Finding> {
  try {
    const keys = await count();
    return ok(check, `${keys === 1 ? "1 key" : `${keys} keys`} of ${url}`);
  } catch (error) {
    if (error instanceof DocumentError) return wrong(check, error.message, ADVICE);
    throw error;
  }
}
