/**
 * The ports of the directory: who can send and receive, on what, and which of their tokens are
 * refused.
 *
 * @module
 */

/** Someone who can send and receive. */
export interface User {
  /** Normalised: lower case, Unicode NFC. */
  readonly id: string;
  /** An e-mail address. */
  readonly email?: string;
  /** What others may see. */
  readonly name?: string;
  /** The URL of a picture. */
  readonly picture?: string;
  /** In milliseconds since 1970. */
  readonly registered: number;
}

/** Where a push service reaches a device. `provider` and `token` together belong to one device. */
export interface PushAddress {
  /** Whose service it is. */
  readonly provider: "fcm" | "apns" | "web";
  /** What the service knows the device by; for `web` the endpoint of the subscription (a URL). */
  readonly token: string;
  /** The keys of a `web` subscription (RFC 8291 §2), base64url. */
  readonly keys?: { readonly p256dh: string; readonly auth: string };
  /** What `apns` calls the application. */
  readonly topic?: string;
  /** When it was registered, in milliseconds since 1970. */
  readonly registered: number;
}

/** Whether two push addresses are the same, whatever else is known of them. */
export function isSamePush(one: PushAddress | undefined, other: PushAddress | undefined): boolean {
  return one?.provider === other?.provider && one?.token === other?.token;
}

/** The tokens that a device was given, by which they can be ended. */
export interface DeviceSession {
  /** Unique for ever; every token of the session names it. */
  readonly id: string;
  /** When the device signed in, in milliseconds since 1970: renewing its tokens does not change it. */
  readonly began: number;
  /** Which refresh token is the one that counts; an earlier one is a used one. */
  readonly generation: number;
  /** When the last of its tokens ends, in milliseconds since 1970. */
  readonly expires: number;
}

/** Something a user reads messages on. */
export interface Device {
  /** Whose it is. */
  readonly user: string;
  /** Unique among the devices of its user. */
  readonly id: string;
  /** What it runs, as its client says. */
  readonly platform?: string;
  /** What its user calls it. */
  readonly name?: string;
  /** Where to wake it. */
  readonly push?: PushAddress;
  /** The tokens it was given; none where it brings tokens that somebody else made. */
  readonly session?: DeviceSession;
  /** When it was last here, in milliseconds since 1970. */
  readonly seen: number;
}

/** A value and the version under which it may be replaced. */
export interface Versioned<T> {
  /** What is stored. */
  readonly value: T;
  /** Another one after every change. */
  readonly version: string;
}

/** Everyone who can receive. Every call that changes something is durable when it resolves. */
export interface Users {
  /** The user, or null where nobody has that id. */
  get(id: string): Promise<Versioned<User> | null>;
  /**
   * Adds a user, and the index of e-mail addresses with it.
   *
   * @returns false where the id is taken: of two at once exactly one succeeds.
   */
  create(user: User): Promise<boolean>;
  /**
   * Puts other values in the place of those that were read.
   *
   * @returns false where the user is gone or no longer at that version.
   */
  replace(user: User, version: string): Promise<boolean>;
  /**
   * Removes the user, the devices, the mailbox and all that names them in an index. What a crash
   * interrupts the next start finishes.
   *
   * @param before also refuses the tokens that were issued then or earlier, in the same step: see
   * {@linkcode Revocations.revokeUser}
   * @returns false where there was none; then nothing is refused.
   */
  remove(id: string, before?: number): Promise<boolean>;
  /** Users in order of id (by code point), after an id, at most `limit` (1 to 1,000). */
  list(after: string, limit: number): Promise<readonly User[]>;
  /**
   * The ids of those with an e-mail address, in order (by code point), at most `limit` (1 to
   * 1,000). Addresses are compared exactly; whoever writes them has normalised them.
   */
  withEmail(email: string, limit: number): Promise<readonly string[]>;
}

/** What became of a {@linkcode Devices.change}. */
export type DeviceChange =
  /** The device is now this. */
  | { readonly kind: "changed"; readonly device: Device }
  /** `change` wanted nothing. */
  | { readonly kind: "unchanged" }
  /** It would be a new one, and the user has as many as may be. */
  | { readonly kind: "full" }
  /** There is no such user. */
  | { readonly kind: "unknown" };

/** A stretch of all devices of all users. */
export interface DevicePage {
  /** Those that were not here since the time that was asked for. */
  readonly devices: readonly Device[];
  /** Where to go on; null where there are no more. */
  readonly next: Pick<Device, "user" | "id"> | null;
}

/** The devices of all users. Every call that changes something is durable when it resolves. */
export interface Devices {
  /** The devices of a user in order of id (by code point). */
  list(user: string): Promise<readonly Device[]>;
  /** One of them; null where there is none of that id. */
  get(user: string, id: string): Promise<Device | null>;
  /**
   * Adds a device or changes what is known about it, in one step: nobody changes it between what
   * `change` saw and what it answered. A push address that another device had moves here, in the
   * same step.
   *
   * @param max devices that the user may have; changing one of more than that is not adding
   * @param change answers what the device is to be, with the same `user` and `id`, or null to leave
   * it; it is given null where there is none. It may be called more than once.
   */
  change(
    user: string,
    id: string,
    max: number,
    change: (known: Device | null) => Device | null,
  ): Promise<DeviceChange>;
  /** Removes the device and its cursor. @returns what it was, or null where there was none. */
  remove(user: string, device: string): Promise<Device | null>;
  /**
   * Looks for devices that were not here for long: through all devices of all users, in pages.
   *
   * @param before those seen at or after this time are left out
   * @param after where the page before ended; null for the start
   * @param limit how many devices are looked at, 1 to 1,000
   */
  unseen(before: number, after: DevicePage["next"], limit: number): Promise<DevicePage>;
}

/** What is refused of a user's tokens. */
export interface Refused {
  /** Every token that was issued then or earlier, in milliseconds since 1970; 0: none. */
  readonly before: number;
  /** Whether the token that was asked about is refused by its id. */
  readonly token: boolean;
}

/**
 * Tokens that are refused although they are valid in themselves. It outlives the users: a token of
 * somebody who was removed must not bring them back.
 */
export interface Revocations {
  /** What is refused of a user, and whether a token is, by its id. */
  get(user: string, tokenId: string): Promise<Refused>;
  /** Refuses all tokens of a user issued at or before a time; an earlier time changes nothing. */
  revokeUser(user: string, before: number): Promise<void>;
  /**
   * Refuses one token.
   *
   * @param until when the token itself ends: afterwards the sweep may forget it
   */
  revokeToken(tokenId: string, until: number): Promise<void>;
}
