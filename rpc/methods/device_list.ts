/**
 * `device.list`: the devices of the user.
 *
 * @module
 */
import { z } from "zod";
import { deviceView, viewOfDevice } from "../device_view.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";

const listed = deviceView.extend({
  current: z.literal(true).optional().meta({ description: "On the device that asks" }),
});

/** Lists the devices of the user, in order of their ids. */
export const deviceList: Method = defineMethod({
  name: "device.list",
  summary: "Lists the devices of the user.",
  access: "user",
  params: z.unknown(),
  result: z.object({ devices: z.array(listed) }),
  async handler(_params, session, { accounts }) {
    const { user, device } = identityOf(session);
    const devices = (await accounts.listDevices(user)).map((one) => ({
      ...viewOfDevice(one),
      ...(one.id === device ? { current: true as const } : {}),
    }));
    return { devices };
  },
});
