/**
 * What the directory must be, in the simplest form: the property test compares a store with it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device, DeviceChange, PushAddress, Store, User } from "../store.ts";

/** Who and what there is in one run: few of each, so that the calls meet. */
export const USERS = ["a", "b", "c"];
export const DEVICES = ["phone", "tv", "web"];
export const EMAILS = ["x@x.org", "y@x.org"];
export const TOKENS = ["t", "u"];

/** Devices that a user may have: one less than there are names. */
export const MODEL_DEVICES_MAX: number = DEVICES.length - 1;

/** Everything that the ports tell, once nothing goes on. */
export interface Snapshot {
  readonly users: readonly User[];
  readonly devices: readonly Device[];
  /** For each of {@linkcode EMAILS}, who has it. */
  readonly emails: readonly (readonly string[])[];
  /** For each of {@linkcode USERS}, up to when tokens are refused. */
  readonly before: readonly number[];
  /** For each of {@linkcode TOKENS} whether it is refused; null where that does not matter. */
  readonly tokens: readonly (boolean | null)[];
}

interface ModelUser {
  readonly user: User;
  /** Another one after every change. */
  readonly version: number;
}

/** The directory in plain maps. */
export class DirectoryModel {
  #users = new Map<string, ModelUser>();
  /** By user and id. */
  #devices = new Map<string, Device>();
  #before = new Map<string, number>();
  /** By id: when the token ends. */
  #tokens = new Map<string, number>();
  #versions = 0;

  /** The same once more, which goes its own way. */
  copy(): DirectoryModel {
    const copy = new DirectoryModel();
    copy.#users = new Map(this.#users);
    copy.#devices = new Map(this.#devices);
    copy.#before = new Map(this.#before);
    copy.#tokens = new Map(this.#tokens);
    copy.#versions = this.#versions;
    return copy;
  }

  /** The version of a user, which nothing else ever has; null where there is none. */
  versionOf(id: string): number | null {
    return this.#users.get(id)?.version ?? null;
  }

  create(user: User): boolean {
    if (this.#users.has(user.id)) return false;
    this.#users.set(user.id, { user, version: ++this.#versions });
    return true;
  }

  replace(user: User, version: number | null): boolean {
    if (version === null || this.versionOf(user.id) !== version) return false;
    this.#users.set(user.id, { user, version: ++this.#versions });
    return true;
  }

  remove(id: string): boolean {
    for (const [key, { user }] of this.#devices) if (user === id) this.#devices.delete(key);
    return this.#users.delete(id);
  }

  withEmail(email: string): string[] {
    const found = [...this.#users.values()].filter(({ user }) => user.email === email);
    return found.map(({ user }) => user.id).sort();
  }

  change(
    user: string,
    id: string,
    change: (known: Device | null) => Device | null,
  ): DeviceChange {
    if (!this.#users.has(user)) return { kind: "unknown" };
    const known = this.#devices.get(keyOf(user, id)) ?? null;
    const device = change(known);
    if (device === null) return { kind: "unchanged" };
    const own = [...this.#devices.values()].filter((other) => other.user === user);
    if (known === null && own.length >= MODEL_DEVICES_MAX) return { kind: "full" };
    for (const [key, { push, ...rest }] of this.#devices) {
      if (push !== undefined && pushOf(push) === pushOf(device.push)) this.#devices.set(key, rest);
    }
    this.#devices.set(keyOf(user, id), device);
    return { kind: "changed", device };
  }

  removeDevice(user: string, id: string): Device | null {
    const device = this.#devices.get(keyOf(user, id)) ?? null;
    this.#devices.delete(keyOf(user, id));
    return device;
  }

  revokeUser(user: string, before: number): void {
    this.#before.set(user, Math.max(before, this.#before.get(user) ?? 0));
  }

  revokeToken(token: string, until: number): void {
    this.#tokens.set(token, Math.max(until, this.#tokens.get(token) ?? 0));
  }

  /** What the ports must tell at a time. */
  snapshot(now: number): Snapshot {
    return {
      users: [...this.#users.values()].map(({ user }) => user).sort((a, b) => a.id < b.id ? -1 : 1),
      devices: [...this.#devices].sort(([a], [b]) => a < b ? -1 : 1).map(([, device]) => device),
      emails: EMAILS.map((email) => this.withEmail(email)),
      before: USERS.map((user) => this.#before.get(user) ?? 0),
      tokens: TOKENS.map((token) => {
        const until = this.#tokens.get(token);
        // One that has ended may be forgotten or not.
        return until === undefined ? false : until > now ? true : null;
      }),
    };
  }
}

/** Asks a store for everything, checks that its answers agree, and puts them together. */
export async function takeSnapshot(store: Store, expected: Snapshot): Promise<Snapshot> {
  const users = await store.users.list("", 1000);
  for (const user of users) assert.deepEqual((await store.users.get(user.id))?.value, user);
  const devices: Device[] = [];
  for (const user of USERS) devices.push(...await store.devices.list(user));
  assert.deepEqual((await store.devices.unseen(Infinity, null, 1000)).devices, devices);
  const emails = await Promise.all(EMAILS.map((email) => store.users.withEmail(email, 1000)));
  const refused = await Promise.all(USERS.map((user) => store.revocations.get(user, "")));
  const tokens = await Promise.all(TOKENS.map((token) => store.revocations.get("", token)));
  const snapshot = {
    users,
    devices,
    emails,
    before: refused.map(({ before }) => before),
    tokens: tokens.map(({ token }, index) => expected.tokens[index] === null ? null : token),
  };
  assertSound(snapshot);
  return snapshot;
}

/** Checks what must be true of a directory whatever was asked of it. */
function assertSound({ users, devices, emails }: Snapshot): void {
  const pushes = devices.flatMap(({ push }) => push === undefined ? [] : [pushOf(push)]);
  assert.equal(new Set(pushes).size, pushes.length, "Every push address is on one device");
  const ids = users.map(({ id }) => id);
  for (const id of ids) {
    const own = devices.filter(({ user }) => user === id);
    assert.ok(own.length <= MODEL_DEVICES_MAX, "Nobody has more devices than may be");
  }
  assert.ok(devices.every(({ user }) => ids.includes(user)), "Every device is somebody's");
  for (const [index, found] of emails.entries()) {
    const having = users.filter(({ email }) => email === EMAILS[index]).map(({ id }) => id);
    assert.deepEqual(found, having, "The index of e-mail addresses says what the users say");
  }
}

function pushOf(push: PushAddress | undefined): string | undefined {
  return push === undefined ? undefined : `${push.provider} ${push.token}`;
}

function keyOf(user: string, id: string): string {
  return `${user} ${id}`;
}
