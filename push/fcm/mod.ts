/**
 * Pushes through Firebase Cloud Messaging, for Android, iPhones and browsers.
 *
 * @module
 */
export { FCM_IN_FLIGHT_MAX, FCM_URL, type FcmOptions, FcmProvider } from "./fcm_provider.ts";
export { parseServiceAccount, type ServiceAccount } from "./service_account.ts";
export { type Connect, connectTls } from "./tls_connection.ts";
