/**
 * Preloaded into a server (`--preload`), this makes a fault in it when SIGUSR1 comes.
 *
 * @module
 */
Deno.addSignalListener("SIGUSR1", () => {
  Promise.reject(new TypeError("The text of somebody's message"));
});
