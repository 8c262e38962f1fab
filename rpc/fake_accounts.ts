/**
 * Accounts for tests: they remember what was asked of them.
 *
 * @module
 */
import type { User } from "../store/mod.ts";
import type {
  Accounts,
  CredentialMark,
  DeviceRegistration,
  DeviceView,
  ExportPage,
  ProfileChange,
  RefreshedTokens,
} from "./accounts.ts";
import type { ExportPlace } from "./export_place.ts";
import type { Identity, Session } from "./session.ts";

/** A moment whose text is "2026-11-22T16:00:00.000Z". */
export const NOW = Date.UTC(2026, 10, 22, 16);

/** What was asked of {@linkcode FakeAccounts}. */
export type AccountsCall = readonly [method: keyof Accounts, ...args: readonly unknown[]];

/** Accounts that answer what a test says. */
export class FakeAccounts implements Accounts {
  /** What was asked, in order. */
  readonly calls: AccountsCall[] = [];
  /** Thrown by every call, where a test sets it. */
  refusal: Error | undefined;
  user: User = {
    id: "ann",
    email: "ann@example.org",
    name: "Ann",
    picture: "https://example.org/ann.png",
    registered: NOW,
  };
  devices: readonly DeviceView[] = [];
  page: ExportPage = { messages: [], next: null };
  refreshed: RefreshedTokens = {
    user: "ann",
    device: "phone",
    token: "access-2",
    expires: NOW + 1000,
    refresh: "refresh-2",
    refreshExpires: NOW + 2000,
  };

  async refresh(
    refresh: string,
    { address }: Pick<Session, "address">,
  ): Promise<RefreshedTokens> {
    return await this.#answer(this.refreshed, "refresh", refresh, address);
  }

  async logout(identity: Identity, credential: CredentialMark): Promise<void> {
    await this.#answer(undefined, "logout", identity, credential);
  }

  async logoutAll(user: string): Promise<void> {
    await this.#answer(undefined, "logoutAll", user);
  }

  /** Answers the device as it was registered, seen now. */
  async registerDevice(
    { user }: Identity,
    _credential: unknown,
    registration: DeviceRegistration,
  ): Promise<DeviceView> {
    const { device: id, platform, name, push } = registration;
    const view: DeviceView = {
      id,
      platform,
      ...(name === undefined ? {} : { name }),
      ...(push === undefined || push === null ? {} : { push: push.provider }),
      seen: NOW,
      online: true,
    };
    return await this.#answer(view, "registerDevice", user, registration);
  }

  async listDevices(user: string): Promise<readonly DeviceView[]> {
    return await this.#answer(this.devices, "listDevices", user);
  }

  async removeDevice(user: string, device: string): Promise<void> {
    await this.#answer(undefined, "removeDevice", user, device);
  }

  async profile(user: string): Promise<User> {
    return await this.#answer(this.user, "profile", user);
  }

  async updateProfile(user: string, change: ProfileChange): Promise<User> {
    return await this.#answer(this.user, "updateProfile", user, change);
  }

  async exportUser(user: string, after: ExportPlace | null): Promise<ExportPage> {
    return await this.#answer(this.page, "exportUser", user, after);
  }

  async deleteUser(user: string): Promise<void> {
    await this.#answer(undefined, "deleteUser", user);
  }

  /** Remembers a call, and answers or refuses it after a turn of the microtasks. */
  async #answer<T>(answer: T, ...call: AccountsCall): Promise<T> {
    this.calls.push(call);
    await Promise.resolve();
    if (this.refusal !== undefined) throw this.refusal;
    return answer;
  }
}
