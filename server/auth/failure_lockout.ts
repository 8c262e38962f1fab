/**
 * Makes those wait who keep failing to sign in.
 *
 * @module
 */
import { USER_ID_BYTES_MAX } from "../../limits.ts";
import { addressGroup } from "../client_address.ts";

/** How many failures are too many, and how long they count. */
export interface FailureLimit {
  /** Failures within `ms` after the first of them; the last of them locks. */
  readonly failures: number;
  /** Milliseconds that a failure counts, and that a lock lasts. */
  readonly ms: number;
}

/** Options for {@linkcode FailureLockout}. */
export interface FailureLockoutOptions {
  /** For one account from one address. */
  readonly account: FailureLimit;
  /** For one address, whatever the account; an IPv6 address counts as its /64. */
  readonly address: FailureLimit;
  /** Which addresses have no limit of their own. */
  readonly exempt: (address: string) => boolean;
  /** Entries of each of the two tables; past it the oldest is forgotten. */
  readonly entries: number;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * Counts failed sign-ins and says who has to wait.
 *
 * An account is counted together with the address it was tried from. A failed token proves nothing
 * about its account, so by the account alone anybody could lock anybody out.
 */
export class FailureLockout {
  readonly #accounts: FailureTable;
  readonly #addresses: FailureTable;
  readonly #exempt: (address: string) => boolean;

  /** Starts with no failures. */
  constructor(options: FailureLockoutOptions) {
    const { account, address, exempt, entries, monotonic } = options;
    this.#accounts = new FailureTable(account, entries, monotonic);
    this.#addresses = new FailureTable(address, entries, monotonic);
    this.#exempt = exempt;
  }

  /**
   * Asks before a credential is looked at.
   *
   * @param account the user id the credential claims, or undefined where it claims none
   * @param address the client's address, behind trusted proxies
   * @returns milliseconds to wait; 0: go on.
   */
  blocked(account: string | undefined, address: string): number {
    return Math.max(
      account === undefined ? 0 : this.#accounts.blocked(accountKey(account, address)),
      this.#exempt(address) ? 0 : this.#addresses.blocked(addressGroup(address)),
    );
  }

  /**
   * Waits until a credential may be looked at. As many are looked at at once as may fail before the
   * lock: else whoever tries many at the same time had them all looked at. Ask whether it is
   * {@linkcode FailureLockout.blocked} before, and again afterwards.
   *
   * @param account as in {@linkcode FailureLockout.blocked}
   * @param address as in {@linkcode FailureLockout.blocked}
   * @returns to be called when it is known, and said here, what came of it.
   */
  async enter(account: string | undefined, address: string): Promise<() => void> {
    const accounts = account === undefined ? undefined : accountKey(account, address);
    const addresses = this.#exempt(address) ? undefined : addressGroup(address);
    // Always in this order, so that no two wait for each other.
    if (accounts !== undefined) await this.#accounts.enter(accounts);
    if (addresses !== undefined) await this.#addresses.enter(addresses);
    return () => {
      if (addresses !== undefined) this.#addresses.leave(addresses);
      if (accounts !== undefined) this.#accounts.leave(accounts);
    };
  }

  /** Counts a credential that was not valid. */
  failed(account: string | undefined, address: string): void {
    if (account !== undefined) this.#accounts.failed(accountKey(account, address));
    if (!this.#exempt(address)) this.#addresses.failed(addressGroup(address));
  }

  /**
   * Forgets the failures of an account that has signed in. Those of the address stay: one valid
   * account must not buy unlimited tries at others.
   */
  succeeded(account: string, address: string): void {
    this.#accounts.forget(accountKey(account, address));
  }
}

function accountKey(account: string, address: string): string {
  // A claimed account is as long as a stranger likes; the table's memory is bounded (I7).
  return `${addressGroup(address)} ${account.slice(0, USER_ID_BYTES_MAX)}`;
}

interface Failures {
  readonly count: number;
  /** When they stop counting and, where there are too many, when the lock ends. */
  readonly until: number;
}

/** Credentials of one key that are being looked at, and those that wait for that. */
interface Tries {
  running: number;
  /** In the order in which they came. */
  readonly waiting: (() => void)[];
}

/** The failures of one kind of key, oldest first. */
class FailureTable {
  readonly #limit: FailureLimit;
  readonly #entries: number;
  readonly #monotonic: () => number;
  readonly #failures = new Map<string, Failures>();
  /** Only of keys where there are any: as many as clients that wait for an answer. */
  readonly #tries = new Map<string, Tries>();

  constructor(limit: FailureLimit, entries: number, monotonic: () => number) {
    this.#limit = limit;
    this.#entries = entries;
    this.#monotonic = monotonic;
  }

  blocked(key: string): number {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < this.#limit.failures) return 0;
    return Math.max(0, Math.ceil(failures.until - this.#monotonic()));
  }

  /** Takes a place among those that may fail now. Undefined: there is one. */
  enter(key: string): Promise<void> | undefined {
    const tries = this.#tries.get(key) ?? { running: 0, waiting: [] };
    this.#tries.set(key, tries);
    if (tries.waiting.length > 0 || tries.running >= this.#places(key)) {
      return new Promise((resolve) => tries.waiting.push(resolve));
    }
    tries.running++;
    return undefined;
  }

  leave(key: string): void {
    const tries = this.#tries.get(key);
    if (tries === undefined) return;
    tries.running--;
    while (tries.running < this.#places(key)) {
      const next = tries.waiting.shift();
      if (next === undefined) break;
      tries.running++;
      next();
    }
    if (tries.running === 0) this.#tries.delete(key);
  }

  /** How many may be looked at at once. Where there is a lock, each goes on to hear of it. */
  #places(key: string): number {
    const failures = this.#failures.get(key);
    const isOver = failures === undefined || this.#monotonic() >= failures.until;
    return Math.max(1, this.#limit.failures - (isOver ? 0 : failures.count));
  }

  failed(key: string): void {
    const now = this.#monotonic();
    const before = this.#failures.get(key);
    const current = before !== undefined && now < before.until ? before : undefined;
    const count = (current?.count ?? 0) + 1;
    // A lock lasts its full time from the failure that caused it.
    const until = current === undefined || count >= this.#limit.failures
      ? now + this.#limit.ms
      : current.until;
    this.#failures.delete(key);
    this.#failures.set(key, { count, until });
    if (this.#failures.size <= this.#entries) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }
}
