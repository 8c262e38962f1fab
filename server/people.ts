/**
 * Everything that knows who is who, put together.
 *
 * @module
 */
import type { Accounts } from "../rpc/mod.ts";
import type { Store } from "../store/mod.ts";
import { StoreAccounts } from "./accounts.ts";
import { Credentials, type FailureLockout, Sessions, type Tokens } from "./auth/mod.ts";
import type { Clock, RandomBytes } from "./clock.ts";
import { Hub } from "./hub.ts";
import type { Log } from "./log.ts";
import type { Issuers } from "./oidc/mod.ts";
import { Reception } from "./reception.ts";
import { StoreUserAdmin, type UserAdmin } from "./user_admin.ts";

/** What {@linkcode createPeople} puts together. */
export interface PeopleParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly tokens: Tokens;
  readonly issuers: Issuers;
  readonly lockout: FailureLockout;
  /** How long tokens last: see `server/config.ts`. */
  readonly ages: {
    readonly accessSeconds: number;
    readonly refreshSeconds: number;
    readonly jwtMaxAgeSeconds: number;
  };
}

/** Everything that knows who is who. */
export interface People {
  readonly hub: Hub;
  readonly reception: Reception;
  readonly accounts: Accounts;
  readonly admin: UserAdmin;
}

/** Puts together what lets people in and what they can do with their accounts. */
export function createPeople(parts: PeopleParts): People {
  const { store, clock, random, log, tokens, issuers, lockout, ages } = parts;
  const now = () => clock.now();
  const hub = new Hub();
  hub.tellPeers(store.peers, (error) => log.error("peers not told", error));
  const credentials = new Credentials({ tokens, issuers, lockout, store, log });
  const sessions = new Sessions({
    devices: store.devices,
    revocations: store.revocations,
    tokens,
    now,
    random,
    accessSeconds: ages.accessSeconds,
    refreshSeconds: ages.refreshSeconds,
    lastingSeconds: ages.jwtMaxAgeSeconds,
    ended: (user, session) => hub.revoke({ kind: "session", user, session }),
  });
  const admin = new StoreUserAdmin({ store, presence: hub, now });
  const accounts = new StoreAccounts({ store, sessions, credentials, presence: hub, admin, now });
  const reception = new Reception({ store, clock, log, hub, credentials, sessions });
  return { hub, reception, accounts, admin };
}
