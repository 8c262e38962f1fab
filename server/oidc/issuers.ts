/**
 * The issuers that a deployment trusts.
 *
 * @module
 */
import { decodeJwt } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { Discovery } from "./discovery.ts";
import type { FetchWorld } from "./document.ts";
import { verifyIdToken } from "./id_token.ts";
import { type IdTokenClaims, readIdTokenClaims, userOf } from "./id_token_claims.ts";
import { assertIssuerConfig, type IssuerConfig } from "./issuer_config.ts";
import { discoveryUrl } from "./issuer_url.ts";
import { type GetKey, KeyCache } from "./key_cache.ts";

/** Options for {@linkcode createIssuers}. */
export interface IssuersOptions extends FetchWorld {
  /** Whose ID tokens are accepted; each has a name of its own. */
  readonly issuers: readonly IssuerConfig[];
}

/** Verifies ID tokens (OpenID Connect Core §2). */
export interface Issuers {
  /**
   * Verifies an ID token of an issuer.
   *
   * @param name what the deployment calls the issuer
   * @throws {BadCredentialError} it is not valid.
   * @throws {IssuerUnavailableError} nothing can be said of it, for the issuer is away.
   * @throws {UnknownIssuerError} no issuer is called so.
   */
  verify(name: string, token: string): Promise<IdTokenClaims>;
  /**
   * The user that a token claims to be for, without any proof: only good for counting failures.
   *
   * @returns the user id, or undefined where the token names nobody, or nobody is called `name`.
   */
  claimedUser(name: string, token: string): string | undefined;
}

/** No issuer is called so. */
export class UnknownIssuerError extends Error {
  /** The name of the class. */
  override readonly name = "UnknownIssuerError";

  /** The name that was asked for stays out: a client chose it. */
  constructor() {
    super("Cannot verify the token: no such issuer is configured");
  }
}

/**
 * Makes issuers ready. Nothing is fetched before the first token.
 *
 * @throws {TypeError} an issuer is configured wrongly, or two have the same name.
 */
export function createIssuers(options: IssuersOptions): Issuers {
  const { clock } = options;
  const known = new Map<string, { config: IssuerConfig; keys: GetKey }>();
  for (const config of options.issuers) {
    assertIssuerConfig(config);
    const { name } = config;
    if (known.has(name)) throw new TypeError(`Cannot use the issuer "${name}": its name is taken`);
    known.set(name, { config, keys: keysOf(config, options) });
  }
  return {
    async verify(name, token) {
      const issuer = known.get(name);
      if (issuer === undefined) throw new UnknownIssuerError();
      const { config, keys } = issuer;
      return readIdTokenClaims(await verifyIdToken(token, config, keys, clock.now()), config);
    },
    claimedUser(name, token) {
      if (!known.has(name) || token.length > TOKEN_CHARS_MAX) return undefined;
      try {
        return userOf(name, decodeJwt(token).sub);
      } catch {
        return undefined;
      }
    },
  };
}

function keysOf({ issuer }: IssuerConfig, world: FetchWorld): GetKey {
  const discovery = new Discovery(issuer, world);
  const load = () => discovery.fetchKeys();
  const cache = new KeyCache({ ...world, url: discoveryUrl(issuer), load });
  return (header, token) => cache.find(header, token);
}
