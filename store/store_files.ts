/**
 * What can be done with the files of a store beside serving from them: copying all that is in them
 * as of one moment, also while a server writes, filling new ones, and looking for damage.
 *
 * @module
 */

/** One stored row. What it means is the backend's own. */
export interface StoredRow {
  /** Parts in order. */
  readonly key: readonly (string | number)[];
  /** What stands there. */
  readonly value: Uint8Array;
}

/** Something that is not as it should be. It tells names, and never what people wrote. */
export interface Finding {
  /** What is wrong, in one line. */
  readonly problem: string;
  /** The rows that would make it right again; a null value removes. None: nobody knows how. */
  readonly mend: readonly { readonly key: StoredRow["key"]; readonly value: Uint8Array | null }[];
}

/** How much there is. */
export interface StoreCounts {
  /** People. */
  readonly users: number;
  /** Of all of them. */
  readonly devices: number;
  /** Those that were settled once. */
  readonly mailboxes: number;
  /** Entries that are kept in rows and in the journal. */
  readonly messages: number;
}

/** Everything, as of the moment at which it was opened. */
export interface StoreSnapshot extends Disposable {
  /** Rows that {@linkcode rows} answers, or a few more. */
  readonly count: number;
  /** Everything that a new file needs to go on from that moment. @throws {StoreUnavailableError} */
  rows(): Iterable<StoredRow>;
  /**
   * Compares all rows with each other, and answers how much there is.
   *
   * @param note called with rows that were looked at
   * @throws {StoreUnavailableError} they cannot even be read.
   */
  check(found: (finding: Finding) => void, note?: (rows: number) => void): Promise<StoreCounts>;
  /**
   * Lets go as disposing does, and does the work that was put off as long as the moment was held:
   * else whoever writes has it at once. Only where nothing else in this process has the file open.
   */
  release(): void;
}

/** The files of a store. */
export interface StoreFiles {
  /** Takes a moment of a file, which may be in use. @throws {StoreUnavailableError} */
  open(path: string): StoreSnapshot;
  /**
   * Makes a file of rows, complete and synced when it resolves. Its content has no epoch yet.
   *
   * @param path where nothing is, or an empty file
   * @throws {StoreUnavailableError} the disk is full, or refuses; or a row cannot be one of a store.
   */
  fill(path: string, rows: AsyncIterable<StoredRow>): Promise<void>;
  /** Whether something of a store is there: a file that is not empty, or others that belong to one. */
  isThere(path: string): Promise<boolean>;
  /** Makes changes of findings in a file that nobody uses. @throws {StoreUnavailableError} */
  mend(path: string, findings: readonly Finding[]): Promise<void>;
  /**
   * Puts a filled file where another may be, in one step: a crash leaves the one or the other.
   *
   * @param path that nobody uses
   */
  replace(path: string, filled: string): Promise<void>;
}
