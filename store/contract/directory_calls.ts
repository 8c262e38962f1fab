/**
 * Calls of the directory for property tests: each can be made of a store and of the model.
 *
 * @module
 */
import fc from "fast-check";
import type { Device, PushAddress, Store, User } from "../store.ts";
import {
  DEVICES,
  type DirectoryModel,
  EMAILS,
  MODEL_DEVICES_MAX,
  TOKENS,
  USERS,
} from "./directory_model.ts";

/** How long a token that is refused is valid, in milliseconds. */
export const TOKEN_MS = 1000;

/** What was true before some calls were made at once. */
export interface Before {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By user id, the version under which the store knows the user. */
  readonly versions: ReadonlyMap<string, string>;
  /** What the directory was. */
  readonly model: DirectoryModel;
}

/** One call. */
export interface DirectoryCall {
  /** Makes it of a store, and answers what the store does. */
  make(store: Store, before: Before): Promise<unknown>;
  /** Makes it of the model. */
  expect(model: DirectoryModel, before: Before): unknown;
  toString(): string;
}

const anyUser = fc.constantFrom(...USERS);
const anyDevice = fc.constantFrom(...DEVICES);
const anyEmail = fc.option(fc.constantFrom(...EMAILS), { nil: undefined, freq: 3 });
const anyPush: fc.Arbitrary<PushAddress> = fc.record({
  provider: fc.constantFrom("fcm", "web"),
  token: fc.constantFrom("1", "2"),
  registered: fc.constantFrom(1, 2),
}, { noNullPrototype: true });

/** A call of any kind; what matters most comes most often. */
export const anyCall: fc.Arbitrary<DirectoryCall> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(anyUser, anyEmail).map(([id, email]) => create(id, email)) },
  { weight: 2, arbitrary: fc.tuple(anyUser, anyEmail).map(([id, email]) => replace(id, email)) },
  { weight: 1, arbitrary: anyUser.map(remove) },
  { weight: 1, arbitrary: fc.constantFrom(...EMAILS).map(withEmail) },
  {
    weight: 6,
    arbitrary: fc.tuple(anyUser, anyDevice, anyPush).map(([user, id, push]) =>
      change(`register(${user}, ${id}, ${push.provider} ${push.token})`, user, id, (known) => ({
        seen: 0,
        ...known,
        user,
        id,
        push,
      }))
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyUser, anyDevice).map(([user, id]) =>
      change(`silence(${user}, ${id})`, user, id, silent)
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyUser, anyDevice).map(([user, id]) =>
      change(`renew(${user}, ${id})`, user, id, renewed)
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyUser, anyDevice).map(([user, id]) => removeDevice(user, id)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyUser, fc.integer({ min: 0, max: 9 })).map(([user, time]) =>
      revokeUser(user, time)
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...TOKENS).map(revokeToken) },
);

function create(id: string, email: string | undefined): DirectoryCall {
  const user = userOf(id, email);
  return {
    make: (store) => store.users.create(user),
    expect: (model) => model.create(user),
    toString: () => `create(${id}, ${email})`,
  };
}

/** Replaces the user that was there before the calls that are made at once. */
function replace(id: string, email: string | undefined): DirectoryCall {
  const user = userOf(id, email);
  return {
    make: (store, { versions }) => store.users.replace(user, versions.get(id) ?? ""),
    expect: (model, before) => model.replace(user, before.model.versionOf(id)),
    toString: () => `replace(${id}, ${email})`,
  };
}

function remove(id: string): DirectoryCall {
  return {
    make: (store) => store.users.remove(id),
    expect: (model) => model.remove(id),
    toString: () => `remove(${id})`,
  };
}

function withEmail(email: string): DirectoryCall {
  return {
    make: (store) => store.users.withEmail(email, 1000),
    expect: (model) => model.withEmail(email),
    toString: () => `withEmail(${email})`,
  };
}

function change(
  name: string,
  user: string,
  id: string,
  wish: (known: Device | null) => Device | null,
): DirectoryCall {
  return {
    make: (store) => store.devices.change(user, id, MODEL_DEVICES_MAX, wish),
    expect: (model) => model.change(user, id, wish),
    toString: () => name,
  };
}

function removeDevice(user: string, id: string): DirectoryCall {
  return {
    make: (store) => store.devices.remove(user, id),
    expect: (model) => model.removeDevice(user, id),
    toString: () => `removeDevice(${user}, ${id})`,
  };
}

function revokeUser(user: string, time: number): DirectoryCall {
  return {
    make: (store) => store.revocations.revokeUser(user, time),
    expect: (model) => model.revokeUser(user, time),
    toString: () => `revokeUser(${user}, ${time})`,
  };
}

function revokeToken(token: string): DirectoryCall {
  return {
    make: (store, { now }) => store.revocations.revokeToken(token, now + TOKEN_MS),
    expect: (model, { now }) => model.revokeToken(token, now + TOKEN_MS),
    toString: () => `revokeToken(${token})`,
  };
}

function userOf(id: string, email: string | undefined): User {
  return { id, registered: 1, ...email === undefined ? {} : { email } };
}

/** The device without its push address. */
function silent(known: Device | null): Device | null {
  if (known === null) return null;
  const { push: _push, ...rest } = known;
  return rest;
}

/** The device with the next refresh token of its session: none may be lost. */
function renewed(known: Device | null): Device | null {
  if (known === null) return null;
  const generation = (known.session?.generation ?? 0) + 1;
  return { ...known, session: { id: "s", began: 1, generation, expires: 1 } };
}
