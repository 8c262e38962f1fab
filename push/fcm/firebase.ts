/**
 * What Titan uses of `firebase-admin`, and how it is loaded: only where FCM is configured.
 *
 * @module
 */
import type { Agent } from "node:https";
import type { FcmMessage } from "./fcm_message.ts";

/** What an app is made with. */
export interface FirebaseAppOptions {
  readonly projectId: string;
  /** Where its access tokens come from. */
  readonly credential: FirebaseCredential;
  /** What all its requests go through. */
  readonly httpAgent: Agent;
}

/** A source of access tokens, asked before each request where they are said to expire at once. */
export interface FirebaseCredential {
  getAccessToken(): Promise<{ access_token: string; expires_in: number }>;
}

/** An app, which is nothing but a name to hand on. */
export interface FirebaseApp {
  readonly name: string;
}

/** What an app sends through. */
export interface FirebaseMessaging {
  /** Sends a message and answers the name that FCM gave it. */
  send(message: FcmMessage): Promise<string>;
}

/** The functions of `firebase-admin`. */
export interface Firebase {
  /** Makes an app; its name must be free in this process. */
  initializeApp(options: FirebaseAppOptions, name: string): FirebaseApp;
  /** Forgets an app and frees its name. */
  deleteApp(app: FirebaseApp): Promise<void>;
  /** What an app sends through. */
  getMessaging(app: FirebaseApp): FirebaseMessaging;
}

/** The modules of `firebase-admin`; as a list of strings for the reason that `loadFirebase` gives. */
const MODULES: readonly string[] = ["firebase-admin/app", "firebase-admin/messaging"];

/**
 * Loads `firebase-admin`.
 *
 * With all that it needs it weighs 60 MB on the disk and 25 MB in memory, and most deployments do not
 * use FCM. Deno fetches a package when it is first imported (`npm-lazy-caching` in `deno.json`); but
 * an import whose specifier stands in the code counts from the start, whether it is reached or not,
 * and so do the types that it would bring; therefore neither is written here. What is used of it is
 * declared above, and `firebase_test.ts` compares that with the package's own types.
 *
 * @throws {Error} it is not there and cannot be fetched
 */
export async function loadFirebase(): Promise<Firebase> {
  try {
    const [app, messaging] = await Promise.all(MODULES.map((name) => import(name)));
    return {
      initializeApp: app.initializeApp,
      deleteApp: app.deleteApp,
      getMessaging: messaging.getMessaging,
    };
  } catch (cause) {
    const message = "Cannot load firebase-admin: run deno install where there is a network";
    throw new Error(message, { cause });
  }
}
