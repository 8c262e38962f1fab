/**
 * The files of the journal by their slots, and what the database says of them.
 *
 * @module
 */
import { StoreUnavailableError } from "../store.ts";
import type { ReadsRows } from "./database.ts";
import {
  type JournalDirectory,
  JournalFile,
  type JournalSpace,
  recordsOf,
} from "./journal_files/mod.ts";
import { countersKey, journalFilesKey } from "./keys.ts";
import type { Counters } from "./settler.ts";
import { parseJson } from "./values.ts";

/** Makes a file in a slot that has none. */
export async function createFile(directory: JournalDirectory): Promise<JournalFile> {
  const taken = await directory.list();
  let slot = 1;
  while (taken.includes(slot)) slot++;
  return new JournalFile(slot, await directory.create(slot), 0);
}

/** Deletes the files that are not named. */
export async function removeOthers(
  directory: JournalDirectory,
  slots: readonly number[],
): Promise<void> {
  for (const slot of await directory.list()) {
    if (!slots.includes(slot)) await directory.remove(slot);
  }
}

/** What the database says of the files. */
export async function named(database: ReadsRows) {
  const [files, counters] = await database.read([journalFilesKey, countersKey]);
  return {
    isNew: files === null && counters === null,
    slots: files ? parseJson<number[]>(files.value) : [],
    settled: counters ? parseJson<Counters>(counters.value).segment : 0,
  };
}

/** Opens a file that the database names. @throws {StoreUnavailableError} */
export async function openNamed(
  directory: JournalDirectory | null,
  slot: number,
): Promise<JournalSpace> {
  const space = directory === null ? null : await refusing(directory.open(slot));
  if (space !== null) return space;
  throw unusable(slot, "missing");
}

/** Looks for files whose database is gone. @throws {StoreUnavailableError} there is one */
export async function assertNoneLeft(directory: JournalDirectory | null): Promise<void> {
  for (const slot of await directory?.list() ?? []) {
    const space = await openNamed(directory, slot);
    const records = recordsOf(await refusing(space.read()).finally(() => space.close()));
    if (records.length > 0) throw unusable(slot, "here, and its database is not");
  }
}

/** What is said of a file that keeps a store from being opened. */
export function unusable(slot: number, why: string): StoreUnavailableError {
  return new StoreUnavailableError(`Cannot open the store: file ${slot} of its journal is ${why}`);
}

/** Tells of what a disk refuses as the store does. */
export async function refusing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof StoreUnavailableError) throw cause;
    throw new StoreUnavailableError("Cannot use the journal: the disk refused", { cause });
  }
}
