/**
 * Forgetting a push address that its service no longer knows.
 *
 * @module
 */
import { DEVICES_MAX } from "../../limits.ts";
import type { Device, Devices, PushAddress } from "../../store/mod.ts";

/** A push address, and what its service says of it. */
export interface DeadAddress {
  /** Whose it is. */
  readonly user: string;
  /** Which of the user's devices. */
  readonly device: string;
  /** What was sent to. */
  readonly address: PushAddress;
  /** When the service says that it ended, in milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** What became of it. */
export type Forgetting =
  /** The device has it no more. */
  | "forgotten"
  /** The device has another one by now, or none. */
  | "replaced"
  /** The device registered it after it had ended: perhaps it is good again. */
  | "renewed";

/** Forgets an address, if the device still has it and did not register it anew since it ended. */
export async function forgetAddress(
  devices: Pick<Devices, "change">,
  { user, device, address, since }: DeadAddress,
): Promise<Forgetting> {
  if (since !== undefined && since < address.registered) return "renewed";
  const change = (known: Device | null) => {
    if (known?.push === undefined || !isSame(known.push, address)) return null;
    const { push: _push, ...rest } = known;
    return rest;
  };
  const { kind } = await devices.change(user, device, DEVICES_MAX, change);
  return kind === "changed" ? "forgotten" : "replaced";
}

function isSame(a: PushAddress, b: PushAddress): boolean {
  return a.provider === b.provider && a.token === b.token && a.registered === b.registered;
}
