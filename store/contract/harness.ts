/**
 * What a backend gives the contract suite so that it can be tested.
 *
 * @module
 */
import type { Store, StoreLimits } from "../store.ts";

/** What every backend is opened with. */
export interface StoreOptions {
  /** What may wait; the suite tests at each limit and past it. */
  readonly limits: StoreLimits;
  /** Milliseconds since 1970. The suite moves it by hand; the store asks it at every call. */
  readonly now: () => number;
}

/** Opens stores of one backend. */
export interface StoreFactory {
  /**
   * Opens the store that is kept in a directory; an empty directory is an empty store.
   *
   * @param directory exists, belongs to one test, and is removed after it
   */
  open(options: StoreOptions, directory: string): Promise<Store>;
  /**
   * Makes the background work of a store happen now (settling, compacting). A backend that has
   * such work sees every mailbox test twice: with it left undone and with it done.
   *
   * @param store what `open` answered, so an implementation may name its own class here
   */
  settle?(store: Store): Promise<void>;
}

/** A backend under test; one that does not outlive its process says why. */
export type StoreHarness =
  & StoreFactory
  & ({ readonly durable: true } | { readonly durable: false; readonly reason: string });
