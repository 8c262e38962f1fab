/**
 * Something cannot be built.
 *
 * @module
 */

/** An executable or an archive cannot be made. The message is one line for whoever asked for it. */
export class ReleaseError extends Error {
  /** The name of the class. */
  override readonly name = "ReleaseError";
}
