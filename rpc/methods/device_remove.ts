/**
 * `device.remove`: removes a device of the user.
 *
 * @module
 */
import { z } from "zod";
import { ACK, defineMethod, identityOf, type Method } from "../method.ts";
import { deviceId } from "../sign_in_params.ts";

/** Removes a device with its place in the mailbox, its tokens and its push. */
export const deviceRemove: Method = defineMethod({
  name: "device.remove",
  summary: "Removes a device of the user with its place in the mailbox, its tokens and its push.",
  access: "user",
  params: z.object({ device: deviceId }),
  result: z.literal("ACK"),
  async handler({ device }, session, { accounts }) {
    await accounts.removeDevice(identityOf(session).user, device);
    return ACK;
  },
});
