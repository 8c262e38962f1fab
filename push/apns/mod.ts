/**
 * The provider for the Apple Push Notification service.
 *
 * @module
 */
export {
  APNS_IN_FLIGHT_MAX,
  APNS_PRODUCTION_URL,
  APNS_SANDBOX_URL,
  type ApnsOptions,
  ApnsProvider,
} from "./apns_provider.ts";
export type { ApnsFetch } from "./apns_session.ts";
