/**
 * Deleting what is left of a removed user. It may be much, so it goes in steps: a row says that it
 * is not finished, and goes with the last of them.
 *
 * @module
 */
import type { Device } from "../store.ts";
import { type ListsRows, type Range, type Write, WRITES_MAX, type WritesRows } from "./database.ts";
import {
  asidesRange,
  chunksRange,
  cidsOfRange,
  devicesRange,
  removalKey,
  removalsRange,
  removalUser,
  senderMark,
} from "./keys.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { freeWrites } from "./push_index.ts";
import { parseJson } from "./values.ts";

/** Finishes the removals that a crash interrupted. It runs before anything else uses the store. */
export async function finishRemovals(database: OwnedDatabase): Promise<void> {
  for (;;) {
    const [row] = await database.list(removalsRange, 1);
    if (row === undefined) return;
    await finishRemoval(database, removalUser(row.key));
  }
}

/** Deletes all that is left of a removed user; last of all, that something is left. */
export async function finishRemoval(database: OwnedDatabase, user: string): Promise<void> {
  await deleteMailbox(database, user);
  await deleteDevices(database, user);
  await deleteRange(database, cidsOfRange(senderMark(user)));
  await database.write([{ key: removalKey(user), value: null }]);
}

/** Deletes the messages of a removed user. No background work may meet it. */
export async function deleteMailbox(
  database: ListsRows & WritesRows,
  user: string,
): Promise<void> {
  await deleteRange(database, chunksRange(user, 0));
  await deleteRange(database, asidesRange(user));
}

async function deleteDevices(database: OwnedDatabase, user: string): Promise<void> {
  for (;;) {
    // Each may have a push address, and the two go in one commit.
    const rows = await database.list(devicesRange(user), WRITES_MAX / 2);
    if (rows.length === 0) return;
    const freed = await freeWrites(database, rows.map(({ value }) => parseJson<Device>(value)));
    await database.write([...freed, ...rows.map(({ key }): Write => ({ key, value: null }))]);
  }
}

/** Deletes all rows of a range, some at a time. */
export async function deleteRange(database: ListsRows & WritesRows, range: Range): Promise<void> {
  for (;;) {
    const rows = await database.list(range, WRITES_MAX);
    if (rows.length === 0) return;
    await database.write(rows.map(({ key }): Write => ({ key, value: null })));
  }
}
