/**
 * `auth.oidc`: signs in with an issuer that the deployment has configured.
 *
 * @module
 */
import { z } from "zod";
import { ISSUER_NAME_CHARS_MAX } from "../../limits.ts";
import { idToken, issuerAnswer, issuerMembers, signInWithIssuer } from "../issuer_sign_in.ts";
import { defineMethod, type Method } from "../method.ts";

const issuer = z.string().min(1).max(ISSUER_NAME_CHARS_MAX).meta({
  description: "What the deployment calls the issuer",
});

/** Signs in, and registers whoever is new. The token alone gets what `auth.google` answers to it. */
export const authOidc: Method = defineMethod({
  name: "auth.oidc",
  summary: "Signs in with the ID token of a configured OpenID Connect issuer.",
  access: "anyone",
  signsIn: true,
  params: z.union([
    z.object({ issuer, token: idToken, ...issuerMembers }),
    z.tuple([issuer, idToken]),
  ]),
  result: issuerAnswer,
  handler(params, session) {
    const { issuer, ...request } = Array.isArray(params)
      ? { issuer: params[0], token: params[1] }
      : params;
    return signInWithIssuer(issuer, request, session);
  },
});
