/**
 * `auth.google`: signs in with Google.
 *
 * @module
 */
import { z } from "zod";
import { idToken, issuerAnswer, issuerMembers, signInWithIssuer } from "../issuer_sign_in.ts";
import { defineMethod, type Method } from "../method.ts";

const ISSUER = "google";

/** Signs in, and registers whoever is new. The token alone gets the ancestors' answer. */
export const authGoogle: Method = defineMethod({
  name: "auth.google",
  summary: 'Signs in with a Google ID token. With any member but "token" it answers more.',
  access: "anyone",
  signsIn: true,
  params: z.union([z.object({ token: idToken, ...issuerMembers }), z.tuple([idToken])]),
  result: issuerAnswer,
  handler(params, session) {
    const request = Array.isArray(params) ? { token: params[0] } : params;
    return signInWithIssuer(ISSUER, request, session);
  },
});
