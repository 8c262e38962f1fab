/**
 * `auth.jwt`: signs in with a token.
 *
 * @module
 */
import { z } from "zod";
import { ACK, defineMethod, type Method } from "../method.ts";
import { signInMembers, signInOptions, tokenText, welcomeMembers } from "../sign_in_params.ts";

const token = tokenText("A JSON Web Token");

const welcome = z.object({ user: z.string(), ...welcomeMembers });

/** Signs in. A client that asks for more than the ancestors' `{token}` is told more than "ACK". */
export const authJwt: Method = defineMethod({
  name: "auth.jwt",
  summary: 'Signs in with a token. With any member but "token" it answers an object.',
  access: "anyone",
  signsIn: true,
  params: z.union([z.object({ token, ...signInMembers }), z.tuple([token])]),
  result: z.union([z.literal("ACK"), welcome]),
  async handler(params, session) {
    const { token, ...asked } = Array.isArray(params) ? { token: params[0] } : params;
    const options = signInOptions(asked);
    const told = await session.signIn(token, options);
    return options.rich ? told : ACK;
  },
});
