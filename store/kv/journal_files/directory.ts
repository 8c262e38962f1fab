/**
 * The few calls that the journal needs of a disk beside the database. The real ones are in
 * `deno_directory.ts`; tests put their own in its place.
 *
 * @module
 */

/** Where the files of one journal are. Each has a slot, a number from 1 on, that names it. */
export interface JournalDirectory {
  /** Bytes of a file, at most: where a segment has no room any more, another file begins. */
  readonly fileBytes: number;
  /** The slots that have a file. */
  list(): Promise<readonly number[]>;
  /** Makes a file, whose name is synced when it resolves. @throws where there is one */
  create(slot: number): Promise<JournalSpace>;
  /**
   * Opens a file, or answers null where there is none.
   *
   * @throws {StoreUnavailableError} another process has it open.
   */
  open(slot: number): Promise<JournalSpace | null>;
  /** Deletes a file; without one it does nothing. */
  remove(slot: number): Promise<void>;
}

/** An open file. No other process opens it until it is closed, or this process has ended. */
export interface JournalSpace {
  /** All that is in it, synced: what was in the memory of the system alone would be lost with it. */
  read(): Promise<Uint8Array>;
  /**
   * Makes sure that the disk has room for so many bytes from the start.
   *
   * @throws it has not; then nothing of it is taken.
   */
  reserve(bytes: number): void;
  /**
   * Writes bytes, which may be used again once it has returned, and resolves when they are synced.
   *
   * @param at in bytes from the start; up to the end of them there must be room
   * @throws where the disk refused; then any of the bytes may have been written.
   */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Lets others have it. */
  close(): void;
}
