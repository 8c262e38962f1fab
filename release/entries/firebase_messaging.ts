/**
 * The second of the two modules of `firebase-admin` that `push/fcm/` loads where FCM is configured.
 *
 * @module
 */
export * from "firebase-admin/messaging";
