/**
 * Who may come in: tokens, the secrets behind them, and those who fail too often.
 *
 * @module
 */
export { type Credential, Credentials, type CredentialsParts } from "./credentials.ts";
export {
  assertChanged,
  type OpenedSession,
  Sessions,
  type SessionsParts,
  withoutSession,
} from "./sessions.ts";
export { FailureLockout } from "./failure_lockout.ts";
export {
  readOrMakeSecrets,
  SecretFileError,
  secretsProblem,
  secretTextOf,
  writeSecretText,
} from "./secret_file.ts";
export { BadCredentialError, type BadCredentialReason } from "../bad_credential.ts";
export { isTokenId, REFRESH_TYPE, TOKEN_ID_CHARS_MAX, tokenIdOf } from "./token_claims.ts";
export {
  claimedUser,
  type Claims,
  createTokens,
  type RefreshClaims,
  type RefreshRequest,
  type TokenKeys,
  type TokenOptions,
  type TokenRequest,
  type Tokens,
  weakSecret,
} from "./tokens.ts";
export type { GetTokenKey, TokenHeader, TokenParts } from "./token_verifier.ts";
