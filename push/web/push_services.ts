/**
 * The push services that a provider has spoken to lately, each by its origin.
 *
 * @module
 */
import { assertPublic, type Endpoint } from "./endpoint.ts";
import { HostAgent, type ResolveHost } from "./https_post.ts";
import { Slots } from "../slots.ts";
import type { VapidToken } from "./vapid_token.ts";

/** What is kept of one push service. */
export interface PushService {
  readonly agent: HostAgent;
  readonly slots: Slots;
  readonly token: VapidToken;
}

/** What push services are reached by. */
export interface PushServicesOptions {
  readonly resolve: ResolveHost;
  /** Whom to trust in place of what Deno trusts: certificates in PEM. */
  readonly ca?: string | undefined;
  /** How many pushes may be on the way to one service. */
  readonly inFlightMax: number;
  /** Makes the token for an origin. */
  readonly createToken: (origin: string) => VapidToken;
}

/** A service and how many pushes use it. */
interface Entry {
  readonly service: PushService;
  users: number;
}

/**
 * How many services are kept: far more than browsers have, for anybody may name one. Those in use
 * stay beyond.
 */
const SERVICES_MAX = 64;

/** A bounded table of push services; the one that was used the longest ago goes first. */
export class PushServices implements Disposable {
  readonly #options: PushServicesOptions;
  readonly #entries = new Map<string, Entry>();

  /** Starts with none. */
  constructor(options: PushServicesOptions) {
    this.#options = options;
  }

  /** How many are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Lends the service of an endpoint for the time of a job. */
  async use<T>(endpoint: Endpoint, job: (service: PushService) => Promise<T>): Promise<T> {
    const { origin } = endpoint;
    const entry = this.#entries.get(origin) ?? { service: this.#create(endpoint), users: 0 };
    this.#entries.delete(origin);
    this.#entries.set(origin, entry);
    entry.users++;
    this.#shrink();
    try {
      return await job(entry.service);
    } finally {
      entry.users--;
      this.#shrink();
    }
  }

  /** Ends all connections. */
  [Symbol.dispose](): void {
    for (const { service } of this.#entries.values()) service.agent.destroy();
    this.#entries.clear();
  }

  #create({ origin, isAllowed }: Endpoint): PushService {
    const { resolve, ca, inFlightMax, createToken } = this.#options;
    const agent = new HostAgent({
      resolve: isAllowed ? resolve : onlyPublic(resolve),
      ca,
      idleMax: inFlightMax,
    });
    return { agent, slots: new Slots(inFlightMax), token: createToken(origin) };
  }

  #shrink(): void {
    for (const [origin, { service, users }] of this.#entries) {
      if (this.#entries.size <= SERVICES_MAX) return;
      if (users > 0) continue;
      service.agent.destroy();
      this.#entries.delete(origin);
    }
  }
}

/** Resolves hosts of which all addresses are public; of others it throws an `EndpointError`. */
function onlyPublic(resolve: ResolveHost): ResolveHost {
  return async (host) => {
    const addresses = await resolve(host);
    assertPublic(addresses);
    return addresses;
  };
}
