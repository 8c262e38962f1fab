/**
 * Letting people in: whom a credential names becomes a user and a device that are known, before
 * anything is delivered to them.
 *
 * @module
 */
import { DEVICES_MAX } from "../limits.ts";
import {
  type CredentialMark,
  type IssuedTokens,
  RpcError,
  type Session,
  type SignInOptions,
} from "../rpc/mod.ts";
import type { Attachment, Store, User } from "../store/mod.ts";
import { assertChanged, type Credential, type Credentials, type Sessions } from "./auth/mod.ts";
import type { Clock } from "./clock.ts";
import type { Hub } from "./hub.ts";
import type { Log } from "./log.ts";
import type { IdTokenClaims } from "./oidc/mod.ts";

/** The device of a client that names none (the ancestors' clients). */
const DEVICE_DEFAULT = "default";

/** How old the time that a device was last seen may be before it is written anew. */
const SEEN_MS = 3600 * 1000;

/** What a {@linkcode Reception} is made of. */
export interface ReceptionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: Hub;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
}

/** What an issuer's ID token became. */
export interface IssuerArrival {
  readonly credential: Credential;
  readonly user: User;
  readonly tokens: IssuedTokens;
  /** To be called once the client is in, or is not: whoever had the earlier session has to go. */
  settled(): void;
}

/** Lets users and devices in. */
export class Reception {
  readonly #parts: ReceptionParts;

  /** Works on what others keep. */
  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /**
   * Verifies a token.
   *
   * @throws {RpcError} `bad_credential`, or `rate_limited` after too many failures
   */
  verify(token: string, address: string): Promise<Credential> {
    return this.#parts.credentials.verify(token, address);
  }

  /** Which device a client is. @throws {RpcError} `forbidden`: the token is another device's. */
  deviceOf(
    { device: named }: Pick<Credential, "device">,
    { device = named ?? DEVICE_DEFAULT }: Pick<SignInOptions, "device">,
  ): string {
    if (named !== undefined && named !== device) {
      throw new RpcError("forbidden", { detail: "the token is for another device" });
    }
    return device;
  }

  /**
   * Takes an issuer's ID token for its user, who comes into being where they are new, and begins a
   * session of the device.
   *
   * @param client where the token came from; whom it speaks for already, it goes on speaking for
   * @throws {RpcError} as {@linkcode Credentials.verifyIdToken}; `forbidden`, `too_many_devices`;
   * `unavailable`: the client has left
   */
  async receive(
    issuer: string,
    token: string,
    client: Pick<Session, "address" | "identity" | "isGone">,
    options: SignInOptions,
  ): Promise<IssuerArrival> {
    const { credentials, sessions, clock, hub } = this.#parts;
    const { address, identity: current } = client;
    const arrived = clock.now();
    const claims = await credentials.verifyIdToken(issuer, token, address);
    const device = options.device ?? current?.device ?? DEVICE_DEFAULT;
    const stays = current === undefined ||
      (current.user === claims.user && current.device === device);
    if (!stays) throw new RpcError("forbidden");
    const user = await this.#register(claims, arrived);
    // It would end the session that the device has, for tokens that nobody gets.
    assertHere(client);
    const { tokens, mark, earlier } = await sessions.open({ user: user.id, device }, options.rich);
    // Logged out everywhere meanwhile: by a token of before nobody comes back.
    if (hub.hasRevoked(user.id, markOf(claims))) {
      if (mark.session !== undefined) await sessions.end({ user: user.id, device }, mark.session);
      throw revoked();
    }
    const settled = () => {
      if (earlier !== undefined) hub.revoke({ kind: "session", user: user.id, session: earlier });
    };
    return { credential: { user: user.id, device, mark }, user, tokens, settled };
  }

  /** Refuses what was revoked while it was on the way. @throws {RpcError} `bad_credential` */
  assertNotRevoked({ user, mark }: Pick<Credential, "user" | "mark">): void {
    if (this.#parts.hub.hasRevoked(user, mark)) throw revoked();
  }

  /**
   * Makes sure that a user is known: whoever has a valid token may come into being (DESIGN §4).
   *
   * @throws {RpcError} `bad_credential`: it was revoked meanwhile
   * @throws {StoreUnavailableError} the disk refused.
   */
  async welcomeUser({ user, mark }: Credential): Promise<void> {
    const { store: { users }, clock, log } = this.#parts;
    if (await users.get(user) !== null) return;
    // Who was removed a moment ago must not come back by a token of before.
    this.assertNotRevoked({ user, mark });
    const created = await users.create({ id: user, registered: clock.now() });
    if (created) log.event("user registered", { user });
  }

  /**
   * Lets a device in: its user and the device are known, an older connection of it is closed.
   *
   * @throws {RpcError} `too_many_devices`, `bad_credential`
   */
  async admit(
    credential: Credential,
    device: string,
    options: Pick<SignInOptions, "start">,
  ): Promise<Attachment> {
    const { store: { mailboxes }, hub, log } = this.#parts;
    const { user } = credential;
    this.assertNotRevoked(credential);
    await this.welcomeUser(credential);
    await this.#noteDevice(user, device);
    for (const member of hub.of(user)) if (member.device === device) member.replaced();
    const attachment = await mailboxes.attach(user, device, options.start ?? "oldest");
    // Removed between the two.
    if (attachment === null) throw revoked();
    log.event("signed in", { user, device, pending: attachment.pending });
    return attachment;
  }

  /** Makes the user of an ID token, or brings what is known of them up to date. */
  async #register(token: IdTokenClaims, arrived: number): Promise<User> {
    const { store: { users }, log } = this.#parts;
    const { user: id, issued: _issued, ...claims } = token;
    for (;;) {
      const found = await users.get(id);
      const user = {
        ...found?.value,
        ...claims,
        id,
        registered: found?.value.registered ?? arrived,
      };
      if (found !== null) {
        if (isSame(found.value, user) || await users.replace(user, found.version)) return user;
        continue;
      }
      this.assertNotRevoked({ user: id, mark: markOf(token) });
      if (!await users.create(user)) continue;
      log.event("user registered", { user: id });
      return user;
    }
  }

  /** Notes that a device was here that only asks by `POST /rpc`. */
  async noteSeen({ user, seen }: Credential, id: string): Promise<void> {
    const { store: { devices }, clock } = this.#parts;
    const now = clock.now();
    if (seen === undefined || now - seen < SEEN_MS) return;
    await devices.change(user, id, DEVICES_MAX, (known) => known && { ...known, seen: now });
  }

  async #noteDevice(user: string, id: string): Promise<void> {
    const { store: { devices }, clock } = this.#parts;
    const seen = clock.now();
    const change = await devices.change(user, id, DEVICES_MAX, (known) => {
      if (known !== null && seen - known.seen < SEEN_MS) return null;
      return { ...known, user, id, seen };
    });
    await assertChanged(change, devices, user);
  }
}

/** An issuer's token cannot be revoked by itself; with all of its user it can. */
function markOf({ issued }: IdTokenClaims): CredentialMark {
  return { id: "", session: undefined, issued, expires: Infinity };
}

/** @throws {RpcError} `unavailable`: the client has left. */
export function assertHere({ isGone }: Pick<Session, "isGone">): void {
  if (isGone) throw new RpcError("unavailable");
}

function revoked(): RpcError {
  return new RpcError("bad_credential", { detail: "revoked" });
}

function isSame(a: User, b: User): boolean {
  return a.email === b.email && a.name === b.name && a.picture === b.picture;
}
