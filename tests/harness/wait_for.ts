/**
 * Waiting in tests: for what is meant, and never for a while.
 *
 * @module
 */

/**
 * Waits for a promise, and fails where it takes too long.
 *
 * @param what is waited for, as in "the ready line"
 * @param state what to say of the world where it did not come
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  what: string,
  state: () => string = () => "",
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${ms} ms for ${what} in vain\n${state()}`)),
    ms,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets others wait for a condition that is looked at whenever something changed. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  #failure: Error | null = null;

  /** Something changed. */
  note(): void {
    for (const look of this.#waiting) look();
  }

  /** Nothing will change any more: whoever waits, or comes to wait in vain, hears why. */
  end(failure: Error): void {
    this.#failure ??= failure;
    this.note();
  }

  /** Waits until a condition answers something else than undefined, and answers that. */
  async until<T>(
    condition: () => T | undefined,
    what: string,
    options: { readonly ms?: number; readonly state?: () => string } = {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      try {
        const found = condition();
        if (found !== undefined) resolve(found);
        else if (this.#failure !== null) {
          const { state = () => "" } = options;
          reject(new Error(`Waited for ${what}: ${this.#failure.message}\n${state()}`));
        }
      } catch (error) {
        reject(error);
      }
    };
    this.#waiting.add(look);
    try {
      look();
      return await within(promise, options.ms ?? 10_000, what, options.state);
    } finally {
      this.#waiting.delete(look);
    }
  }
}
