/**
 * Who is here: the live connections of every user, and what is known of devices that just left.
 *
 * @module
 */
import { TABLE_ENTRIES_MAX } from "../limits.ts";
import type { CredentialMark, Identity } from "../rpc/mod.ts";
import type {
  Committed,
  OwedCause,
  Peers,
  Sleeper,
  StoreListener,
  WrittenCommit,
} from "../store/mod.ts";
import type { Attempts } from "./in_flight.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import type { Presence } from "./presence.ts";
import { isRevokedBy, type Revocation, RevokedLately } from "./revoked_lately.ts";
import type { Telemetry } from "./telemetry/mod.ts";
import type { Tracer } from "./trace/mod.ts";

/** A signed-in connection, as the hub knows it. */
export interface Member {
  readonly user: string;
  readonly device: string;
  /** What it signed in with. */
  readonly credential: CredentialMark | undefined;
  /** Whether it wants `msg.receipt`. */
  readonly receipts: boolean;
  /** The user's mailbox has new entries. */
  committed(news: Committed): void;
  /** Sends a frame. */
  send(frame: string): void;
  /** A newer connection of the same device is here. */
  replaced(): void;
  /** The user, or the device, was removed. */
  removed(): void;
  /** What it signed in with no longer counts. */
  revoked(): void;
}

/** What servers on the same store tell each other. */
type Notice =
  | { readonly kind: "evict"; readonly user: string; readonly device?: string | undefined }
  | { readonly kind: "revoke" | "keepOut"; readonly revocation: Revocation };

/** Wakes devices. Each call is short and sends nothing itself. */
export interface Waker {
  /** A device that is not connected may be owed a push. */
  owed(sleeper: Sleeper, cause: OwedCause): void;
  /** A connected device leaves what it was sent unacknowledged. */
  silent(user: string, device: string): void;
  /** A device connected: what was to wake it need not. */
  cancel(user: string, device: string): void;
}

/** The live connections of all users. */
export class Hub implements StoreListener, Presence {
  readonly #members = new Map<string, Member[]>();
  readonly #revoked = new RevokedLately();
  readonly #entering = new KeyedQueue();
  /** What a device was sent on its last connection, until it is back: oldest first. */
  readonly #attempts = new Map<string, Attempts>();
  /** Entries in all of those together. */
  #attemptsKept = 0;
  #waker: Waker | null = null;
  #telemetry: Telemetry | null = null;
  #tracer: Tracer | null = null;
  #now: () => number = () => 0;
  #tell: (notice: Notice) => void = () => {};

  /** Users with a live connection. */
  get users(): number {
    return this.#members.size;
  }

  /** Sets who wakes those that are not here. */
  wakeBy(waker: Waker): void {
    this.#waker = waker;
  }

  /** Sets who tells other servers on the same store. @param failed hears that one was not told */
  tellPeers(peers: Peers | undefined, failed: (error: unknown) => void): void {
    // Nobody waits for it: whoever comes anew is judged by the store, which knows already.
    if (peers) this.#tell = (notice) => void peers.tell(JSON.stringify(notice)).catch(failed);
  }

  /** Sets what counts commits, and what notes what is in them. @param now milliseconds since 1970 */
  countBy(telemetry: Telemetry, tracer: Tracer, now: () => number): void {
    this.#telemetry = telemetry;
    this.#tracer = tracer;
    this.#now = now;
  }

  /** Adds a connection; an older one of the same device is told that it was replaced. */
  add(member: Member): void {
    this.#waker?.cancel(member.user, member.device);
    const others = this.of(member.user);
    const older = others.find(({ device }) => device === member.device);
    this.#members.set(member.user, [...others.filter((other) => other !== older), member]);
    older?.replaced();
  }

  /** Removes a connection, if it is still there. */
  remove(member: Member): void {
    const others = this.of(member.user).filter((other) => other !== member);
    if (others.length > 0) this.#members.set(member.user, others);
    else this.#members.delete(member.user);
  }

  /** The live connections of a user. */
  of(user: string): readonly Member[] {
    return this.#members.get(user) ?? [];
  }

  /** All connections. */
  everyone(): readonly Member[] {
    return [...this.#members.values()].flat();
  }

  /** A user was removed, or one device: their connections are told. */
  evict(user: string, device?: string): void {
    this.#tell({ kind: "evict", user, device });
    this.#evict(user, device);
  }

  #evict(user: string, device?: string): void {
    if (device === undefined) this.#tracer?.forgetUser(user);
    for (const member of this.of(user)) {
      if (device === undefined || member.device === device) member.removed();
    }
  }

  /** Sends away whoever came in with what is revoked now, and remembers it for those on the way. */
  revoke(revocation: Revocation): void {
    this.#tell({ kind: "revoke", revocation });
    this.#revoke(revocation);
  }

  #revoke(revocation: Revocation): void {
    this.#revoked.add(revocation);
    const { user } = revocation;
    for (const member of user === undefined ? this.everyone() : this.of(user)) {
      const { user, credential } = member;
      if (credential !== undefined && isRevokedBy(revocation, user, credential)) member.revoked();
    }
  }

  /** Remembers what is revoked, for those who are on the way. */
  keepOut(revocation: Revocation): void {
    this.#tell({ kind: "keepOut", revocation });
    this.#revoked.add(revocation);
  }

  /** Another server on the same store did to its connections what is to be done here, too. */
  heard(text: string): void {
    const notice: Notice = JSON.parse(text);
    if (notice.kind === "evict") this.#evict(notice.user, notice.device);
    else if (notice.kind === "revoke") this.#revoke(notice.revocation);
    else this.#revoked.add(notice.revocation);
  }

  /** A device is at another server now. */
  replaced(user: string, device: string): void {
    for (const member of this.of(user)) if (member.device === device) member.replaced();
  }

  /** Whether a credential was revoked while its sign-in was under way. */
  hasRevoked(user: string, credential: CredentialMark): boolean {
    return this.#revoked.has(user, credential);
  }

  /** Lets the sign-ins of one device happen one after another. */
  alone<T>({ user, device }: Identity, enter: () => Promise<T>): Promise<T> {
    return this.#entering.run(keyOf(user, device), enter);
  }

  committed(news: Committed): void {
    const members = this.#members.get(news.user);
    if (members === undefined) return;
    for (const member of members) member.committed(news);
  }

  wrote(commit: WrittenCommit): void {
    const now = this.#now();
    this.#telemetry?.wrote(commit, now);
    this.#tracer?.committed(commit, now);
  }

  refused(): void {
    if (this.#telemetry !== null) this.#telemetry.commitsRefused++;
  }

  owed(sleeper: Sleeper, cause: OwedCause): void {
    this.#waker?.owed(sleeper, cause);
  }

  /** A device has not acknowledged what it was sent for some time: perhaps it sleeps. */
  silent(user: string, device: string): void {
    this.#waker?.silent(user, device);
  }

  /** Remembers what a device was sent and has not acknowledged. */
  keepAttempts(user: string, device: string, attempts: Attempts): void {
    const key = keyOf(user, device);
    this.#dropAttempts(key);
    if (attempts.size === 0) return;
    this.#attempts.set(key, attempts);
    this.#attemptsKept += attempts.size;
    for (const oldest of this.#attempts.keys()) {
      if (this.#attemptsKept <= TABLE_ENTRIES_MAX) break;
      this.#dropAttempts(oldest);
    }
  }

  /** Takes out what {@linkcode keepAttempts} put in; null where nothing is known. */
  takeAttempts(user: string, device: string): Attempts | null {
    return this.#dropAttempts(keyOf(user, device));
  }

  #dropAttempts(key: string): Attempts | null {
    const attempts = this.#attempts.get(key) ?? null;
    this.#attempts.delete(key);
    this.#attemptsKept -= attempts?.size ?? 0;
    return attempts;
  }
}

function keyOf(user: string, device: string): string {
  // No id holds a control character.
  return user + "\n" + device;
}
