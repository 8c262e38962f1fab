/**
 * The sessions of devices: the tokens that Titan gives a device, renews and ends. A device has one
 * session, kept with it; where it is gone, its tokens are refused.
 *
 * A refresh token is good for one use (RFC 9700 §4.14.2). One that comes twice was stolen, or its
 * client lost the answer: nobody can tell, so the session ends.
 *
 * @module
 */
import { base64url } from "jose";
import { DEVICES_MAX } from "../../limits.ts";
import {
  type CredentialMark,
  type Identity,
  type IssuedTokens,
  type RefreshedTokens,
  RpcError,
} from "../../rpc/mod.ts";
import type { Device, DeviceChange, Devices, DeviceSession, Revocations } from "../../store/mod.ts";
import type { RandomBytes } from "../clock.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { tokenIdOf } from "./token_claims.ts";
import type { RefreshClaims, Tokens } from "./tokens.ts";

/** Random bytes in a session's id: two never meet. */
const SESSION_ID_BYTES = 16;

/** What {@linkcode Sessions} are made of. */
export interface SessionsParts {
  /** Where sessions are kept. */
  readonly devices: Devices;
  /** Who was logged out everywhere, and when. */
  readonly revocations: Revocations;
  /** Signs tokens. */
  readonly tokens: Tokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the ids of sessions come from. */
  readonly random: RandomBytes;
  /** How long an access token lasts that a refresh token can follow. */
  readonly accessSeconds: number;
  /** How long a refresh token lasts. */
  readonly refreshSeconds: number;
  /** How long an access token lasts that nothing follows. */
  readonly lastingSeconds: number;
  /** A session ended: whoever came in with it must go. */
  readonly ended: (user: string, session: string) => void;
}

/** Tokens, and what they are known by. */
export interface OpenedSession {
  /** What the client is told. */
  readonly tokens: IssuedTokens;
  /** What the connection is known by from now on. */
  readonly mark: CredentialMark;
  /** The session that this one took the place of; whoever came in with it has to go. */
  readonly earlier: string | undefined;
}

/** Gives devices tokens. */
export class Sessions {
  readonly #parts: SessionsParts;

  /** Works on the devices of a store. */
  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /**
   * Begins a session of a device, which comes into being where it is new; an earlier session of it
   * ends.
   *
   * @param refreshable whether the client can renew its tokens; the others last longer
   * @throws {RpcError} `too_many_devices`
   */
  async open({ user, device }: Identity, refreshable: boolean): Promise<OpenedSession> {
    const { devices, now, random, refreshSeconds, lastingSeconds } = this.#parts;
    const issued = now();
    const session: DeviceSession = {
      id: base64url.encode(random(new Uint8Array(SESSION_ID_BYTES))),
      began: issued,
      generation: 1,
      expires: issued + (refreshable ? refreshSeconds : lastingSeconds) * 1000,
    };
    let earlier: string | undefined;
    const change = await devices.change(user, device, DEVICES_MAX, (known) => {
      earlier = known?.session?.id;
      return { ...known, user, id: device, seen: issued, session };
    });
    await assertChanged(change, devices, user);
    const tokens = await this.#issue({ user, device }, session, refreshable);
    const { token, expires } = tokens;
    const mark = { id: tokenIdOf(token), session: session.id, issued, expires };
    return { tokens, mark, earlier };
  }

  /**
   * Uses a refresh token up.
   *
   * @throws {BadCredentialError} `reused`: its session is over from here on; `revoked`: it was before.
   */
  async refresh(claims: RefreshClaims): Promise<RefreshedTokens> {
    const { user, device, session: id, generation } = claims;
    const { devices, revocations, now, refreshSeconds } = this.#parts;
    // Read before the session is: a logout that comes later ends the session itself.
    const { before } = await revocations.get(user, "");
    let next: DeviceSession | undefined;
    let isReused = false;
    await devices.change(user, device, DEVICES_MAX, (known) => {
      next = undefined;
      isReused = false;
      if (known === null || known.session?.id !== id) return null;
      const { began } = known.session;
      // A crash may have cut a logout short after its one decisive write.
      if (began <= before) return withoutSession(known);
      if (known.session.generation !== generation) {
        isReused = true;
        return withoutSession(known);
      }
      next = { id, began, generation: generation + 1, expires: now() + refreshSeconds * 1000 };
      return { ...known, seen: now(), session: next };
    });
    if (isReused) this.#parts.ended(user, id);
    if (next === undefined) throw new BadCredentialError(isReused ? "reused" : "revoked");
    const { token, expires, refresh = "", refreshExpires = 0 } = await this.#issue(
      { user, device },
      next,
      true,
    );
    return { user, device, token, expires, refresh, refreshExpires };
  }

  /** Ends the session of a device, if it is that one, and its push with it. */
  async end({ user, device }: Identity, session: string): Promise<void> {
    await this.#parts.devices.change(
      user,
      device,
      DEVICES_MAX,
      (known) => known?.session?.id === session ? withoutSession(known) : null,
    );
    this.#parts.ended(user, session);
  }

  async #issue(
    { user, device }: Identity,
    { id: session, generation, expires }: DeviceSession,
    refreshable: boolean,
  ): Promise<IssuedTokens> {
    const { tokens, now, accessSeconds, refreshSeconds, lastingSeconds } = this.#parts;
    const ttlSeconds = refreshable ? accessSeconds : lastingSeconds;
    const access = {
      token: await tokens.sign({ user, device, session, ttlSeconds }),
      expires: now() + ttlSeconds * 1000,
    };
    if (!refreshable) return access;
    const wanted = { user, device, session, generation, ttlSeconds: refreshSeconds };
    return { ...access, refresh: await tokens.signRefresh(wanted), refreshExpires: expires };
  }
}

/** A device that was logged out: nobody wakes it for messages that it may not read. */
export function withoutSession(device: Device): Device {
  const { session: _session, push: _push, ...rest } = device;
  return rest;
}

/**
 * Tells why a device could not be put.
 *
 * @throws {RpcError} `too_many_devices`, with the one that was away longest; `bad_credential`
 */
export async function assertChanged(
  change: DeviceChange,
  devices: Pick<Devices, "list">,
  user: string,
): Promise<void> {
  // Removed meanwhile.
  if (change.kind === "unknown") throw new RpcError("bad_credential", { detail: "revoked" });
  if (change.kind !== "full") return;
  const [oldest] = (await devices.list(user)).toSorted((a, b) => a.seen - b.seen);
  throw new RpcError("too_many_devices", {
    limit: DEVICES_MAX,
    ...(oldest === undefined ? {} : {
      oldest: oldest.id,
      detail:
        `remove one of the ${DEVICES_MAX}, such as the one that was away longest, "${oldest.id}"`,
    }),
  });
}
