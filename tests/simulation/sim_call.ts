/**
 * A call of a simulated disk: it happens when the simulation lets it, and its answer arrives later.
 *
 * @module
 */

/** What can go wrong with a call: nothing was changed, or it was and the caller is not told. */
export type DiskFault = "refused" | "unanswered";

/** One call under way. */
export interface Operation {
  readonly kind: "read" | "list" | "commit" | "file" | "write";
  /** Whether it was made, or refused, and only its answer is missing. */
  readonly happened: boolean;
  /** The first step: it is made, unless it is refused. */
  happen(fault?: DiskFault): void;
  /** The second step: the caller hears. */
  answer(): void;
}

/** What the simulated disk throws. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** A call of one kind, with its promise. */
export class Call<T> implements Operation {
  readonly kind: Operation["kind"];
  readonly #make: () => T;
  readonly #check: () => void;
  readonly #tear: () => void;
  readonly #result = Promise.withResolvers<T>();
  #made: { readonly value: T } | { readonly error: unknown } | null = null;

  /**
   * @param make makes it
   * @param check looks whether it is still as it was
   * @param tear does what is left of one that was refused
   */
  constructor(kind: Operation["kind"], make: () => T, check = () => {}, tear = () => {}) {
    this.kind = kind;
    this.#make = make;
    this.#check = check;
    this.#tear = tear;
  }

  /** Resolves with its answer. */
  get promise(): Promise<T> {
    return this.#result.promise;
  }

  get happened(): boolean {
    return this.#made !== null;
  }

  happen(fault?: DiskFault): void {
    if (this.#made !== null) return;
    this.#check();
    const error = new DiskError(`Disk ${fault === "refused" ? "refused" : "does not answer"}`);
    if (fault === "refused") {
      this.#tear();
      this.#made = { error };
      return;
    }
    try {
      const value = this.#make();
      this.#made = fault === undefined ? { value } : { error };
    } catch (refused) {
      this.#made = { error: refused };
    }
  }

  answer(): void {
    if (this.#made === null) throw new Error("Cannot answer: nothing has happened yet");
    this.#check();
    if ("error" in this.#made) this.#result.reject(this.#made.error);
    else this.#result.resolve(this.#made.value);
  }
}
