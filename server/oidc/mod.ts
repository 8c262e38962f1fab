/**
 * OpenID Connect: the ID tokens of Google and of other issuers, and the published keys that they
 * are verified with.
 *
 * @module
 */
export { countIssuerKeys, countKeys } from "./count_keys.ts";
export { DocumentError, type DocumentFault, type Fetch, type FetchWorld } from "./document.ts";
export type { IdTokenClaims } from "./id_token_claims.ts";
export { GOOGLE_ISSUER, googleIssuer, isIssuerName, type IssuerConfig } from "./issuer_config.ts";
export { isIssuerUrl, isKeysUrl } from "./issuer_url.ts";
export { createIssuers, type Issuers, type IssuersOptions, UnknownIssuerError } from "./issuers.ts";
export {
  type GetKey,
  IssuerUnavailableError,
  type KeyHeader,
  type SignedParts,
} from "./key_cache.ts";
export { createRemoteKeys, type RemoteKeysOptions } from "./remote_keys.ts";
