/**
 * The {@linkcode Revocations} of a shared database.
 *
 * @module
 */
import type { Refused, Revocations } from "../../store.ts";
import { revokedTokenKey, revokedUserKey } from "../keys.ts";
import { type RevokedToken, type RevokedUser, revokeWrite, untilOf } from "../kv_revocations.ts";
import { jsonValue, parseJson } from "../values.ts";
import { expiring } from "./judge.ts";
import type { Mailroom } from "./mailroom.ts";

/** What is refused: a user's for ever, a token's until the database forgets it. */
export class SharedRevocations implements Revocations {
  readonly #room: Mailroom;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom) {
    this.#room = room;
  }

  async get(user: string, tokenId: string): Promise<Refused> {
    const keys = [revokedUserKey(user), revokedTokenKey(tokenId)];
    const [all, one] = await this.#room.database.read(keys);
    return { before: all ? parseJson<RevokedUser>(all.value).before : 0, token: Boolean(one) };
  }

  async revokeUser(user: string, before: number): Promise<void> {
    await this.#room.change([], async (transaction) => {
      const write = await revokeWrite(transaction, user, before);
      await transaction.write([write]);
    });
  }

  async revokeToken(tokenId: string, until: number): Promise<void> {
    const key = revokedTokenKey(tokenId);
    await this.#room.change([], async (transaction) => {
      const [row] = await transaction.read([key]);
      if (untilOf(row ?? null) >= until) return;
      const value = jsonValue({ until } satisfies RevokedToken);
      await transaction.write([{ key, value, ...expiring(until, this.#room.clock.now()) }]);
    });
  }
}
