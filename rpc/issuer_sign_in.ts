/**
 * Signing in with the ID token of an issuer, such as Google.
 *
 * @module
 */
import { z } from "zod";
import { isoTimeOf } from "./iso_time.ts";
import { definedMembers } from "./defined_members.ts";
import type { IssuerSignIn, Session } from "./session.ts";
import { signInMembers, signInOptions, tokenText, welcomeMembers } from "./sign_in_params.ts";
import { profileMembers } from "./user_view.ts";

/** The schema of an ID token. */
export const idToken: z.ZodString = tokenText("The issuer's ID token (OpenID Connect Core §2)");

/** The members that such a sign-in can have beside its token. */
export const issuerMembers = {
  ...signInMembers,
  refresh: z.boolean().optional().meta({
    description: "Either value asks for the object with refresh token, and for nothing else",
  }),
};

/** What the ancestors' clients are told: a member that is not known is an empty text. */
const seedAnswer = z.object({
  token: z.string().meta({ description: "What to sign in with from now on: a JSON Web Token" }),
  id: z.string().meta({ description: "The user's id" }),
  name: z.string(),
  email: z.string(),
  picture: z.string(),
});

const richAnswer = z.object({
  token: z.string().meta({ description: "What to sign in with from now on: a JSON Web Token" }),
  expires: z.iso.datetime().meta({ description: "When the token ends" }),
  refresh: z.string().optional().meta({ description: "What gets the next tokens, once" }),
  refreshExpires: z.iso.datetime().optional().meta({
    description: "When the refresh token ends",
  }),
  id: z.string().meta({ description: "The user's id" }),
  ...profileMembers,
  ...welcomeMembers,
});

/** What such a sign-in answers: the seed's object, or to a client that asked for more a fuller one. */
export const issuerAnswer = z.union([richAnswer, seedAnswer]);

/** A sign-in as a client asks for it. */
export type IssuerRequest =
  & { readonly token: string }
  & z.output<z.ZodObject<typeof issuerMembers>>;

/**
 * Signs a session in.
 *
 * @param issuer `google`, or the name of a configured issuer
 * @param request the token and what else the client asked for
 * @param session the session that speaks for the user from now on
 * @throws {RpcError} as {@linkcode Session.signInWith}
 */
export async function signInWithIssuer(
  issuer: string,
  { token, refresh, ...asked }: IssuerRequest,
  session: Session,
): Promise<z.output<typeof issuerAnswer>> {
  const options = signInOptions(asked);
  const rich = options.rich || refresh !== undefined;
  const told = await session.signInWith(issuer, token, { ...options, rich });
  return rich ? richAnswerOf(told) : seedAnswerOf(told);
}

function seedAnswerOf({ user, tokens }: IssuerSignIn): z.output<typeof seedAnswer> {
  const { id, name = "", email = "", picture = "" } = user;
  return { token: tokens.token, id, name, email, picture };
}

function richAnswerOf({ user, tokens, welcome }: IssuerSignIn): z.output<typeof richAnswer> {
  const { token, expires, refresh, refreshExpires } = tokens;
  const { id, name, email, picture } = user;
  const { device, pending, window, limits, heartbeat, epoch } = welcome;
  return definedMembers({
    token,
    expires: isoTimeOf(expires),
    refresh,
    refreshExpires: refreshExpires === undefined ? undefined : isoTimeOf(refreshExpires),
    ...{ id, name, email, picture },
    ...{ device, pending, window, limits: { ...limits }, heartbeat, epoch },
  });
}
