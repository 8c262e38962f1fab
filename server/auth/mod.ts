/**
 * Who may come in: tokens, the secrets behind them, and those who fail too often.
 *
 * @module
 */
export { FailureLockout } from "./failure_lockout.ts";
export { readOrMakeSecret, SecretFileError } from "./secret_file.ts";
export {
  BadCredentialError,
  claimedUser,
  type Claims,
  createTokens,
  type TokenRequest,
  type Tokens,
  weakSecret,
} from "./tokens.ts";
