/**
 * The names of users, devices and messages as clients choose them: what may be one, and its one
 * form under which it is compared.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { CID_BYTES_MAX, DEVICE_ID_BYTES_MAX, USER_ID_BYTES_MAX } from "../limits.ts";
import { BLANK } from "./blank.ts";

/** The bot that sends back what it is sent. Nobody may sign in or be registered under this name. */
export const ECHO_USER = "echo";

/** Printable ASCII without blanks and capitals: a user id that is its own normal form. */
const PLAIN_USER_ID = /^[!-@[-~]+$/;

/** Printable ASCII without blanks. */
const PLAIN_ID = /^[!-~]+$/;

/**
 * What no id may hold: white space, control characters, lone surrogates, and the invisible
 * characters by which two ids could look the same.
 */
const UNFIT = new RegExp(`[\\s${BLANK}\\p{Cc}\\p{Cs}]`, "u");

/**
 * Brings a user id into its normal form: Unicode NFC, lower case.
 *
 * @param value what somebody calls a user
 * @returns the form to store and compare, or undefined where it is empty, longer than
 * `USER_ID_BYTES_MAX` bytes, or holds white space, control or invisible characters
 */
export function parseUserId(value: string): string | undefined {
  // Most ids are plain, and then characters are bytes.
  if (PLAIN_USER_ID.test(value)) return value.length <= USER_ID_BYTES_MAX ? value : undefined;
  if (value.length > USER_ID_BYTES_MAX) return undefined;
  // NFC first, because it gives capitals for some signs (U+212A gives "K"); NFC last, because
  // small letters may compose where their capitals did not.
  return fit(value.normalize("NFC").toLowerCase().normalize("NFC"), USER_ID_BYTES_MAX);
}

/**
 * Brings a device id into its normal form: Unicode NFC; upper and lower case differ.
 *
 * @param value what a client calls its device
 * @returns the form to store and compare, or undefined where it is empty, longer than
 * `DEVICE_ID_BYTES_MAX` bytes, or holds white space, control or invisible characters
 */
export function parseDeviceId(value: string): string | undefined {
  if (PLAIN_ID.test(value)) return value.length <= DEVICE_ID_BYTES_MAX ? value : undefined;
  if (value.length > DEVICE_ID_BYTES_MAX) return undefined;
  return fit(value.normalize("NFC"), DEVICE_ID_BYTES_MAX);
}

/**
 * Checks a client's message id. It is compared as it is, so that the client finds it again.
 *
 * @param value what a client calls its message
 * @returns the same, or undefined where it is empty, longer than `CID_BYTES_MAX` bytes, or holds
 * white space, control or invisible characters
 */
export function parseCid(value: string): string | undefined {
  if (PLAIN_ID.test(value)) return value.length <= CID_BYTES_MAX ? value : undefined;
  return fit(value, CID_BYTES_MAX);
}

function fit(value: string, bytesMax: number): string | undefined {
  if (value === "" || value.length > bytesMax || UNFIT.test(value)) return undefined;
  return Buffer.byteLength(value) <= bytesMax ? value : undefined;
}
