/**
 * Arguments that several commands take.
 *
 * @module
 */
import { ECHO_USER, parseDeviceId, parseUserId } from "../../rpc/mod.ts";
import { CommandError, EXIT } from "./exit.ts";

/** A user id in its normal form. @throws {CommandError} the argument is none. */
export function userArgument(text: string): string {
  const user = receiverArgument(text);
  if (user !== ECHO_USER) return user;
  throw new CommandError(`"${ECHO_USER}" is a bot of Titan's and nobody else`, EXIT.usage);
}

/** A user id in its normal form, or the bot. @throws {CommandError} the argument is neither. */
export function receiverArgument(text: string): string {
  const user = parseUserId(text);
  if (user !== undefined) return user;
  throw new CommandError(`"${text}" cannot be a user id`, EXIT.usage);
}

/** A device id in its normal form. @throws {CommandError} the argument is none. */
export function deviceArgument(text: string): string {
  const device = parseDeviceId(text);
  if (device !== undefined) return device;
  throw new CommandError(`"${text}" cannot be a device id`, EXIT.usage);
}
