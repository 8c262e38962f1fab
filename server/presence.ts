/**
 * Who is connected, as far as those need it who change users and devices.
 *
 * @module
 */
import type { Revocation } from "./revoked_lately.ts";

/** Who is connected; outside of a server nobody is. */
export interface Presence {
  /** The live connections of a user. */
  of(user: string): readonly { readonly device: string }[];
  /** Every device that is connected, each as often as it is. */
  everyone(): Iterable<{ readonly user: string; readonly device: string }>;
  /** Ends the connections of a user who was removed, or of one device that was. */
  evict(user: string, device?: string): void;
  /** Ends the connections that came in with what is revoked now, and lets no others in by it. */
  revoke(revocation: Revocation): void;
  /** Lets nobody in by what is revoked now; whoever is in stays. */
  keepOut(revocation: Revocation): void;
  /** Does something while the device cannot sign in. */
  alone<T>(who: { user: string; device: string }, work: () => Promise<T>): Promise<T>;
}

/** Where no server runs. */
export const nobodyPresent: Presence = {
  of: () => [],
  everyone: () => [],
  evict() {},
  revoke() {},
  keepOut() {},
  alone: (_who, work) => work(),
};
