/**
 * What people can do with their own accounts: devices, profile, logging out, taking their data with
 * them, leaving.
 *
 * @module
 */
import { DEVICES_MAX } from "../limits.ts";
import {
  type Accounts,
  type CredentialMark,
  type DeviceRegistration,
  type DeviceView,
  type ExportPage,
  type ExportPlace,
  type Identity,
  type ProfileChange,
  type RefreshedTokens,
  RpcError,
  type Session,
} from "../rpc/mod.ts";
import type { Device, Store, User } from "../store/mod.ts";
import { assertChanged, type Credentials, type Sessions, withoutSession } from "./auth/mod.ts";
import type { Presence } from "./presence.ts";
import { assertHere } from "./reception.ts";
import { exportPage } from "./user_export.ts";
import type { UserAdmin } from "./user_admin.ts";

/** What {@linkcode StoreAccounts} are made of. */
export interface StoreAccountsParts {
  readonly store: Pick<Store, "users" | "devices" | "mailboxes" | "revocations">;
  readonly sessions: Sessions;
  readonly credentials: Credentials;
  readonly presence: Presence;
  /** Removes users and devices; the operator's way and the user's own are one. */
  readonly admin: UserAdmin;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** {@linkcode Accounts} on a store. */
export class StoreAccounts implements Accounts {
  readonly #parts: StoreAccountsParts;
  /** Users whose export is being read. */
  readonly #exporting = new Set<string>();

  /** Works on a store. */
  constructor(parts: StoreAccountsParts) {
    this.#parts = parts;
  }

  async refresh(
    refresh: string,
    client: Pick<Session, "address" | "isGone">,
  ): Promise<RefreshedTokens> {
    const { credentials, sessions } = this.#parts;
    return await credentials.useRefresh(refresh, client.address, async (claims) => {
      // It would use up a token whose successor nobody gets.
      assertHere(client);
      return await sessions.refresh(claims);
    });
  }

  async logout(identity: Identity, credential: CredentialMark): Promise<void> {
    const { sessions, store, presence } = this.#parts;
    if (credential.session !== undefined) return await sessions.end(identity, credential.session);
    await store.revocations.revokeToken(credential.id, credential.expires);
    await store.devices.change(
      identity.user,
      identity.device,
      DEVICES_MAX,
      // A session of the device is another sign-in's: it stays as it is.
      (known) => known === null || known.session !== undefined ? null : withoutSession(known),
    );
    presence.revoke({ kind: "token", user: identity.user, id: credential.id });
  }

  async logoutAll(user: string): Promise<void> {
    await this.#parts.admin.logout(user);
  }

  async registerDevice(
    { user, device }: Identity,
    credential: CredentialMark | undefined,
    registration: DeviceRegistration,
  ): Promise<DeviceView> {
    const { store: { devices }, now } = this.#parts;
    const { device: id, platform, name, push } = registration;
    const session = id === device ? credential?.session : undefined;
    const change = await devices.change(user, id, DEVICES_MAX, (known) => {
      // Logged out or removed at this moment: nothing may wake it any more.
      if (session !== undefined && known?.session?.id !== session) return null;
      const { push: before, ...rest } = known ?? { user, id, seen: now() };
      const after = push === undefined ? before : push && { ...push, registered: now() };
      return {
        ...rest,
        platform,
        ...(name === undefined ? {} : { name }),
        ...(after ? { push: after } : {}),
      };
    });
    await assertChanged(change, devices, user);
    if (change.kind !== "changed") throw new RpcError("bad_credential", { detail: "revoked" });
    return this.#view(change.device);
  }

  async listDevices(user: string): Promise<readonly DeviceView[]> {
    return (await this.#parts.store.devices.list(user)).map((device) => this.#view(device));
  }

  async removeDevice(user: string, device: string): Promise<void> {
    if (!await this.#parts.admin.removeDevice(user, device)) throw new RpcError("unknown_device");
  }

  async profile(user: string): Promise<User> {
    const found = await this.#parts.store.users.get(user);
    if (found === null) throw new RpcError("unauthenticated");
    return found.value;
  }

  async updateProfile(user: string, change: ProfileChange): Promise<User> {
    const updated = await this.#parts.admin.update(user, change);
    if (updated === null) throw new RpcError("unauthenticated");
    return updated;
  }

  async exportUser(user: string, after: ExportPlace | null): Promise<ExportPage> {
    // A page is a hundred times as large as the request for it, and a batch asks for many at once.
    if (this.#exporting.has(user)) throw new RpcError("rate_limited", { retryAfter: 1 });
    this.#exporting.add(user);
    try {
      const page = await exportPage(this.#parts.store, user, after);
      if (page === null) throw new RpcError("unauthenticated");
      return page;
    } finally {
      this.#exporting.delete(user);
    }
  }

  async deleteUser(user: string): Promise<void> {
    await this.#parts.admin.remove(user);
  }

  #view({ id, user, platform, name, push, seen }: Device): DeviceView {
    const online = this.#parts.presence.of(user).some(({ device }) => device === id);
    return {
      id,
      seen,
      online,
      ...(platform === undefined ? {} : { platform }),
      ...(name === undefined ? {} : { name }),
      ...(push === undefined ? {} : { push: push.provider }),
    };
  }
}
