/**
 * Signing in with Google itself, by the ID token of a service account. It needs the internet and a
 * key, so it runs only where `TITAN_TEST_GOOGLE_CREDENTIALS` holds the JSON of a service account's
 * key; every other test has an issuer on loopback in Google's place.
 */
import assert from "node:assert/strict";
import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { BadCredentialError } from "../server/auth/mod.ts";
import { systemClock } from "../server/clock.ts";
import { createIssuers, googleIssuer } from "../server/oidc/mod.ts";

const VARIABLE = "TITAN_TEST_GOOGLE_CREDENTIALS";
const AUDIENCE = "https://titan.example.org";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const credentials = Deno.env.get(VARIABLE) ?? "";
const ignore = credentials === "";
const needs = ignore ? ` (left out: ${VARIABLE} is not set)` : "";

const accountSchema = z.object({
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string(),
  token_uri: z.url(),
});

const answerSchema = z.object({ id_token: z.string() });

/** An ID token of a service account (Google Identity, "OAuth 2.0 for server to server"). */
async function mintIdToken(account: z.infer<typeof accountSchema>): Promise<string> {
  const assertion = await new SignJWT({ target_audience: AUDIENCE })
    .setProtectedHeader({ alg: "RS256", kid: account.private_key_id })
    .setIssuer(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(await importPKCS8(account.private_key, "RS256"));
  const body = new URLSearchParams({ grant_type: GRANT, assertion });
  const response = await fetch(account.token_uri, { method: "POST", body });
  const answer: unknown = await response.json();
  // What it answers may hold a token: only the status is told.
  assert.equal(response.status, 200, `Google answered ${response.status}`);
  return answerSchema.parse(answer).id_token;
}

Deno.test({
  name: `google - a service account signs in with Google's own token${needs}`,
  ignore,
  async fn() {
    const account = accountSchema.parse(JSON.parse(credentials));
    const token = await mintIdToken(account);
    const make = (audience: string) => {
      return createIssuers({ issuers: [googleIssuer([audience])], fetch, clock: systemClock });
    };
    const issuers = make(AUDIENCE);
    const { user, email } = await issuers.verify("google", token);
    assert.match(user, /^google:\d+$/);
    assert.equal(user, issuers.claimedUser("google", token));
    assert.equal(email, account.client_email.toLowerCase());

    const isWrongAudience = (error: unknown) =>
      error instanceof BadCredentialError && error.reason === "wrong_audience";
    await assert.rejects(
      make("https://other.example.org").verify("google", token),
      isWrongAudience,
    );
    const [header, payload] = token.split(".");
    const forged = `${header}.${payload}.${"A".repeat(342)}`;
    await assert.rejects(issuers.verify("google", forged), BadCredentialError);
  },
});
