/**
 * A device that is to be woken.
 *
 * @module
 */
import type { OwedCause, PushAddress, Spoken } from "../../store/mod.ts";
import type { Timed } from "./due_queue.ts";

/** Whose service reaches a device. */
export type ProviderName = PushAddress["provider"];

/**
 * Why a device is to be looked at. `silent`: it is connected and does not answer. `found`: nobody
 * said so, but something waits for it.
 */
export type Cause = OwedCause | "silent" | "found";

/** Where an intent is. */
export type IntentState =
  /** In line for a worker. */
  | "ready"
  /** Waits for a time. */
  | "later"
  /** Waits for a place with its service. */
  | "parked"
  /** Looked at, or on its way. */
  | "underWay";

/** Why an intent waits for a time, and so whether a new message brings it forward. */
export type Hold =
  /** The device has just left and may be back. */
  | "left"
  /** Ordinary messages wait until the device may be bothered again. */
  | "ordinary"
  /** A push has only just gone to the device. */
  | "pause"
  /** Something failed. */
  | "failure";

/** The intent to wake one device: all that waits for the device is one intent. */
export class Intent implements Timed {
  due = 0;
  slot = -1;
  /** Of user and device. */
  readonly key: string;
  readonly user: string;
  readonly device: string;
  /** Null where it is not known yet. */
  provider: ProviderName | null;
  /** The one service of the provider that reaches the device; null where it is not known yet. */
  service: string | null = null;
  state: IntentState = "ready";
  hold: Hold = "failure";
  /** Whether the device is connected and does not answer. */
  isSilent = false;
  /** Whether the device went while something waited, for which a push may have spoken. */
  hasLeft = false;
  /** Whether the device connected while its push was under way. */
  isCancelled = false;
  /** What was owed while its push was under way, and so is to be looked at once more. */
  again: Cause | null = null;
  /** A push that went, until the store knows of it. */
  unnoted: Spoken | null = null;
  /** Attempts in a row that failed. */
  failures = 0;
  /** When it was last looked at, in milliseconds of the monotonic clock. */
  lookedAt = -Infinity;

  /** An intent that is not anywhere yet. */
  constructor(user: string, device: string, provider: ProviderName | null) {
    this.key = intentKey(user, device);
    this.user = user;
    this.device = device;
    this.provider = provider;
    this.service = provider === "web" ? null : provider;
  }

  /**
   * Takes back that the device has another address by now, for whoever finds out which one. What
   * came meanwhile is looked at nevertheless.
   *
   * @returns whether it was so
   */
  takeMove(): boolean {
    if (this.again !== "address") return false;
    this.again = "found";
    return true;
  }
}

/** By which the intent of a device is found. */
export function intentKey(user: string, device: string): string {
  // No id holds a control character.
  return user + "\n" + device;
}

/** Whether one and the same service reaches all devices, or each address says which one does. */
export function serviceOf({ provider, token }: PushAddress): string {
  return provider === "web" ? URL.parse(token)?.origin ?? "" : provider;
}
