/**
 * A service account for the local server.
 *
 * @module
 */
import { type CryptoKey, exportPKCS8, generateKeyPair } from "jose";
import { parseServiceAccount, type ServiceAccount } from "../service_account.ts";

/** A service account and what proves its signatures. */
export interface TestAccount {
  /** The file that Firebase's console would make. */
  readonly file: string;
  readonly account: ServiceAccount;
  readonly publicKey: CryptoKey;
}

/** Makes a service account as Firebase's console does, and reads it. */
export async function makeTestAccount(): Promise<TestAccount> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const file = JSON.stringify({
    "type": "service_account",
    "project_id": "titan-test",
    "private_key_id": "0123456789abcdef0123456789abcdef01234567",
    "private_key": await exportPKCS8(privateKey),
    "client_email": "firebase-adminsdk-1@titan-test.iam.gserviceaccount.com",
    "client_id": "100000000000000000001",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
    "universe_domain": "googleapis.com",
  });
  return { file, account: parseServiceAccount(file), publicKey };
}
