/**
 * WebCrypto works on threads of its own, so that two of its calls may end in either order. Here they
 * end in the order in which they were made, and the simulation can wait for them.
 *
 * @module
 */
import { setImmediate } from "node:timers";

const NAMES = ["importKey", "sign", "verify"] as const;

/** Puts WebCrypto's calls in a row while it lives. */
export class CryptoGate implements Disposable {
  readonly #real = new Map(NAMES.map((name) => [name, SubtleCrypto.prototype[name]]));
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  constructor() {
    for (const [name, real] of this.#real) {
      const call = (...args: unknown[]) =>
        this.#run(() => Reflect.apply(real, crypto.subtle, args));
      Reflect.set(SubtleCrypto.prototype, name, call);
    }
  }

  /** Resolves when everything went on as far as it goes without the simulation. */
  async quiet(): Promise<void> {
    do {
      // All promises that can settle have settled when the event loop turns.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    } while (this.#pending > 0);
  }

  [Symbol.dispose](): void {
    for (const [name, real] of this.#real) Reflect.set(SubtleCrypto.prototype, name, real);
  }

  #run(call: () => Promise<unknown>): Promise<unknown> {
    this.#pending++;
    const result = this.#last.then(call);
    this.#last = result.catch(() => {}).finally(() => this.#pending--);
    return result;
  }
}
