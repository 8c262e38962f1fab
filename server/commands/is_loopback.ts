/**
 * Hosts that only this machine reaches.
 *
 * @module
 */

/** Whether only this machine reaches a host that is listened on. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
