/**
 * The {@linkcode Revocations} of the embedded store.
 *
 * @module
 */
import type { Refused, Revocations } from "../store.ts";
import { type Key, type ReadsRows, type Row, type Write, WRITES_MAX } from "./database.ts";
import {
  expiredTokenKey,
  revokedTokenKey,
  revokedUserKey,
  tokenExpiriesRange,
  tokenExpiryKey,
} from "./keys.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import { Lanes } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { jsonValue, parseJson } from "./values.ts";

/** What is stored of a user. */
export interface RevokedUser {
  /** Tokens that were issued up to then, in milliseconds since 1970. */
  readonly before: number;
}

/** What is stored of a token. */
export interface RevokedToken {
  /** When it ends, in milliseconds since 1970. */
  readonly until: number;
}

/** Refuses the tokens of a user up to a time, or up to a later one that is known already. */
export async function revokeWrite(
  database: ReadsRows,
  user: string,
  before: number,
): Promise<Write> {
  const key = revokedUserKey(user);
  const [row] = await database.read([key]);
  const known = row ? parseJson<RevokedUser>(row.value).before : 0;
  return { key, value: jsonValue({ before: Math.max(known, before) } satisfies RevokedUser) };
}

/** Tokens swept at once; each takes two changes of a commit. */
const SWEEP_MAX = WRITES_MAX / 2;

/**
 * What is refused, in rows that are kept beside the users: a user's for ever, a token's until it
 * has ended. A commit takes as many as come at once.
 */
export class KvRevocations implements Revocations {
  readonly #database: OwnedDatabase;
  readonly #mailboxes: Pick<KvMailboxes, "write">;
  /** By the key of a row, which is read and written in one. */
  readonly #lanes = new Lanes();

  /** @param mailboxes whose commits the changes go with */
  constructor(database: OwnedDatabase, mailboxes: Pick<KvMailboxes, "write">) {
    this.#database = database;
    this.#mailboxes = mailboxes;
  }

  async get(user: string, tokenId: string): Promise<Refused> {
    const [all, one] = await this.#database.read([revokedUserKey(user), revokedTokenKey(tokenId)]);
    return { before: all ? parseJson<RevokedUser>(all.value).before : 0, token: Boolean(one) };
  }

  revokeUser(user: string, before: number): Promise<void> {
    const key = revokedUserKey(user);
    return this.#run(key, async (row) => {
      const known = row ? parseJson<RevokedUser>(row.value).before : 0;
      if (before <= known) return;
      const value = jsonValue({ before } satisfies RevokedUser);
      await this.#mailboxes.write([{ key, value }]);
    });
  }

  revokeToken(tokenId: string, until: number): Promise<void> {
    const key = revokedTokenKey(tokenId);
    return this.#run(key, async (row) => {
      if (untilOf(row) >= until) return;
      await this.#mailboxes.write([
        { key, value: jsonValue({ until } satisfies RevokedToken) },
        { key: tokenExpiryKey(until, tokenId), value: new Uint8Array() },
      ]);
    });
  }

  /** Forgets the tokens that have ended by a time: they are not valid in themselves any more. */
  async sweep(now: number): Promise<void> {
    for (;;) {
      const rows = await this.#database.list(tokenExpiriesRange(now), SWEEP_MAX);
      await Promise.all(rows.map(({ key }) => this.#forget(key, now)));
      if (rows.length < SWEEP_MAX) return;
    }
  }

  #forget(expiry: Key, now: number): Promise<void> {
    const key = expiredTokenKey(expiry);
    return this.#run(key, async (row) => {
      const writes = [{ key: expiry, value: null }];
      // It may have been refused again, until later.
      if (untilOf(row) <= now) writes.push({ key, value: null });
      await this.#mailboxes.write(writes);
    });
  }

  /** Runs a job with the row of a key, which nobody else changes meanwhile. */
  #run(key: Key, job: (row: Row | null) => Promise<void>): Promise<void> {
    return this.#lanes.run(key.join("\n"), async () => {
      const [row] = await this.#database.read([key]);
      await job(row ?? null);
    });
  }
}

/** Until when a token is refused, if it is. */
export function untilOf(row: Row | null): number {
  return row === null ? -Infinity : parseJson<RevokedToken>(row.value).until;
}
