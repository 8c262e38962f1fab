/**
 * The branches of a server's providers, and how wide each is.
 *
 * @module
 */
import {
  PUSHES_IN_FLIGHT_MAX_APNS,
  PUSHES_IN_FLIGHT_MAX_FCM,
  PUSHES_IN_FLIGHT_MAX_WEB,
  PUSHES_IN_FLIGHT_MAX_WEB_SERVICE,
  PUSHES_IN_FLIGHT_MAX_WEB_UNPROVEN,
} from "../../limits.ts";
import { Branch, type BranchOptions } from "./branch.ts";
import type { ProviderName } from "./intent.ts";

/** Options for {@linkcode createBranches}. */
export interface BranchesOptions
  extends Pick<BranchOptions, "perSecond" | "clock" | "random" | "work"> {
  /** Which there are. */
  readonly providers: Iterable<ProviderName>;
}

type Width = Pick<
  BranchOptions,
  | "inFlightMax"
  | "serviceInFlightMax"
  | "unprovenInFlightMax"
  | "unprovenServiceInFlightMax"
>;

/** Devices whose provider is looked up at a time: each is one read. */
const FINDING_MAX = 100;

/** Web Push services not known to work that it takes at least to fill the places of all of them. */
const UNPROVEN_SERVICES_MIN = 10;

/** One for each provider, and under null one for devices whose provider is to be found. */
export function createBranches(
  { providers, perSecond, clock, random, work }: BranchesOptions,
): ReadonlyMap<ProviderName | null, Branch> {
  const names = [null, ...providers];
  return new Map(names.map((name) => {
    return [name, new Branch({ ...widthOf(name), perSecond, clock, random, work })];
  }));
}

function widthOf(provider: ProviderName | null): Width {
  switch (provider) {
    case "apns":
      return oneService(PUSHES_IN_FLIGHT_MAX_APNS);
    case "fcm":
      return oneService(PUSHES_IN_FLIGHT_MAX_FCM);
    case "web":
      return {
        inFlightMax: PUSHES_IN_FLIGHT_MAX_WEB,
        serviceInFlightMax: PUSHES_IN_FLIGHT_MAX_WEB_SERVICE,
        unprovenInFlightMax: PUSHES_IN_FLIGHT_MAX_WEB_UNPROVEN,
        unprovenServiceInFlightMax: PUSHES_IN_FLIGHT_MAX_WEB_UNPROVEN / UNPROVEN_SERVICES_MIN,
      };
    case null:
      return oneService(FINDING_MAX);
  }
}

function oneService(max: number): Width {
  return {
    inFlightMax: max,
    serviceInFlightMax: max,
    unprovenInFlightMax: max,
    unprovenServiceInFlightMax: max,
  };
}
