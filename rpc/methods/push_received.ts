/**
 * `push.received`: a device says that it saw a push.
 *
 * @module
 */
import { z } from "zod";
import { PUSH_NONCE_CHARS_MAX } from "../../limits.ts";
import { stringCheck } from "../invalid_params.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";

const nonce = z.string().check(
  stringCheck((value) =>
    value.length >= 1 && value.length <= PUSH_NONCE_CHARS_MAX ? value : {
      detail: `must be the nonce of a push, 1 to ${PUSH_NONCE_CHARS_MAX} characters`,
      limit: PUSH_NONCE_CHARS_MAX,
    }
  ),
).meta({
  description: "What the push carried as its nonce",
  minLength: 1,
  maxLength: PUSH_NONCE_CHARS_MAX,
});

/** Says that this device saw a push: operators see how many arrive, and test single devices. */
export const pushReceived: Method = defineMethod({
  name: "push.received",
  summary: "Says that this device saw a push. It acknowledges no message.",
  access: "user",
  params: z.object({ nonce }),
  result: z.object({
    known: z.boolean().meta({ description: "Whether this device was sent such a push lately" }),
  }),
  handler({ nonce }, session, { pushes }) {
    const { user, device } = identityOf(session);
    return { known: pushes.received(user, device, nonce) };
  },
});
