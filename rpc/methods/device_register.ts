/**
 * `device.register`: tells what a device is and where to wake it.
 *
 * @module
 */
import { z } from "zod";
import { DEVICE_NAME_CHARS_MAX, PLATFORM_CHARS_MAX } from "../../limits.ts";
import type { DeviceRegistration } from "../accounts.ts";
import { definedMembers } from "../defined_members.ts";
import { deviceView, viewOfDevice } from "../device_view.ts";
import { stringCheck } from "../invalid_params.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";
import { nameText } from "../name_text.ts";
import { pushAddressOf, pushParam } from "../push_param.ts";
import { deviceId } from "../sign_in_params.ts";

const PLATFORM = /^[a-z0-9._-]+$/;

const platform = z.string().check(
  stringCheck((value) =>
    value.length <= PLATFORM_CHARS_MAX && PLATFORM.test(value) ? value : {
      detail: `must be 1 to ${PLATFORM_CHARS_MAX} small letters of ASCII, digits, ".", "_" or "-"`,
      limit: PLATFORM_CHARS_MAX,
    }
  ),
).meta({
  description: 'What it runs, such as "android", "ios", "web" or "desktop"',
  minLength: 1,
  maxLength: PLATFORM_CHARS_MAX,
});

const params = z.object({
  device: deviceId.optional().meta({ description: "Which device; without it this one" }),
  platform,
  name: nameText("What its user calls it", DEVICE_NAME_CHARS_MAX).optional(),
  push: pushParam.nullable().optional().meta({
    description: "Where to wake it; null takes it away, and without it nothing changes",
  }),
});

/** Adds a device of the user, or changes what is known of it. */
export const deviceRegister: Method = defineMethod({
  name: "device.register",
  summary: "Tells what a device of the user is, and where to wake it.",
  access: "user",
  params,
  result: deviceView,
  async handler(asked, session, { accounts }) {
    const identity = identityOf(session);
    const registration = registrationOf(asked, identity.device);
    const view = await accounts.registerDevice(identity, session.credential, registration);
    return viewOfDevice(view);
  },
});

function registrationOf(
  { device, platform, name, push }: z.output<typeof params>,
  own: string,
): DeviceRegistration {
  const address = push === undefined || push === null ? push : pushAddressOf(push);
  return definedMembers({ device: device ?? own, platform, name, push: address });
}
