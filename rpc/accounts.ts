/**
 * What the methods need of the directory: the server implements it. Nothing here knows how a
 * credential is verified or where a user is kept.
 *
 * @module
 */
import type { Device, PushAddress, User } from "../store/mod.ts";
import type { ExportPlace } from "./export_place.ts";
import type { Identity, Session } from "./session.ts";

/** What a credential is known by, so that it can be ended. */
export interface CredentialMark {
  /** The token's own id, or what stands for it where it has none. */
  readonly id: string;
  /** The device's session that it belongs to; none where somebody else made the token. */
  readonly session: string | undefined;
  /** When it was issued, in milliseconds since 1970; undefined where it does not say. */
  readonly issued: number | undefined;
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number;
}

/** Tokens that Titan issued for one device. */
export interface IssuedTokens {
  /** The access token: a JSON Web Token. */
  readonly token: string;
  /** When the access token ends, in milliseconds since 1970. */
  readonly expires: number;
  /** What gets the next pair, once; absent where the client did not ask for one. */
  readonly refresh?: string;
  /** When the refresh token ends, in milliseconds since 1970. */
  readonly refreshExpires?: number;
}

/** A pair of tokens for a refresh token, and whose they are. */
export interface RefreshedTokens extends Identity, Required<IssuedTokens> {}

/** What a device says of itself. */
export interface DeviceRegistration {
  /** The device's id, in its normal form. */
  readonly device: string;
  /** What it runs. */
  readonly platform: string;
  /** What its user calls it; left out: as before. */
  readonly name?: string;
  /** Where to wake it; null: nowhere any more; left out: as before. */
  readonly push?: Omit<PushAddress, "registered"> | null;
}

/** A device, as its user sees it. */
export interface DeviceView extends Pick<Device, "id" | "platform" | "name" | "seen"> {
  /** Whether it is connected now. */
  readonly online: boolean;
  /** Which push service wakes it; the token stays here (I8). */
  readonly push?: PushAddress["provider"];
}

/** What a user may change of the own profile; null takes it away, left out leaves it. */
export interface ProfileChange {
  /** What others may see. */
  readonly name?: string | null;
  /** The URL of a picture. */
  readonly picture?: string | null;
}

/** A message that is kept for a user. */
export interface ExportedMessage {
  /** The id under which it is delivered. */
  readonly id: string;
  /** A message, or news of one that the user sent. */
  readonly kind: "message" | "receipt";
  /** Who it says it is from. */
  readonly from: string;
  /** Whose mailbox it went to. */
  readonly to: string;
  /** When it was accepted, in milliseconds since 1970. */
  readonly time: number;
  /** When it stops being deliverable, in milliseconds since 1970. */
  readonly expires: number;
  /** The body as it is delivered: JSON text. */
  readonly body: string;
  /** Of one that was set aside: the device that refused it. */
  readonly setAside?: { readonly device: string };
}

/** A part of everything that is kept about a user. */
export interface ExportPage {
  /** On the first page. */
  readonly user?: User;
  /** On the first page; with push addresses, without the ids of sessions. */
  readonly devices?: readonly Omit<Device, "session">[];
  /** Those of the mailbox in order, then those that were set aside. */
  readonly messages: readonly ExportedMessage[];
  /** What to ask with for the next page; null where this is the last. */
  readonly next: ExportPlace | null;
}

/** What the methods can do with accounts. A user is always the one who asks. */
export interface Accounts {
  /**
   * Changes a refresh token for the next pair; the token cannot be used again, and where it is, the
   * session it belongs to ends.
   *
   * @param client where the request came from; for one that has left, nothing is used up
   * @throws {RpcError} `bad_credential`, `rate_limited`, `unavailable`
   */
  refresh(refresh: string, client: Pick<Session, "address" | "isGone">): Promise<RefreshedTokens>;
  /** Ends the tokens of this device, its push and its connection (4401). */
  logout(identity: Identity, credential: CredentialMark): Promise<void>;
  /** The same for all devices of the user. */
  logoutAll(user: string): Promise<void>;
  /**
   * Adds or changes a device of the user.
   *
   * @param credential what `identity` signed in with: where its session ended meanwhile, the device
   * stays as it is
   * @throws {RpcError} `too_many_devices`, with the `oldest`; `bad_credential`
   */
  registerDevice(
    identity: Identity,
    credential: CredentialMark | undefined,
    registration: DeviceRegistration,
  ): Promise<DeviceView>;
  /** The devices of a user, in order of id. */
  listDevices(user: string): Promise<readonly DeviceView[]>;
  /** Removes a device with its cursor, tokens and push (4410). @throws {RpcError} `unknown_device` */
  removeDevice(user: string, device: string): Promise<void>;
  /** The user. @throws {RpcError} `unauthenticated`: removed meanwhile */
  profile(user: string): Promise<User>;
  /** Changes the profile. @throws {RpcError} `unauthenticated`: removed meanwhile */
  updateProfile(user: string, change: ProfileChange): Promise<User>;
  /** A page of everything kept about the user. @param after `next` of the page before, or null */
  exportUser(user: string, after: ExportPlace | null): Promise<ExportPage>;
  /** Removes the user with everything; tokens of before are refused, connections end (4410). */
  deleteUser(user: string): Promise<void>;
}
