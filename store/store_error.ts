/**
 * What a backend throws.
 *
 * @module
 */

/** Too much waits to be committed. Trying again shortly helps. */
export class StoreBusyError extends Error {
  /** The name of the class. */
  override readonly name = "StoreBusyError";
}

/** The disk or the database refused, or the store is closed. Trying again later may help. */
export class StoreUnavailableError extends Error {
  /** The name of the class. */
  override readonly name = "StoreUnavailableError";
}
