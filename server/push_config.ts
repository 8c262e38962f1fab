/**
 * What a deployment may choose about pushes, as rows of the table of variables.
 *
 * @module
 */
import { findVapidFaults } from "../push/mod.ts";
import type { ConfigRow } from "./config_table.ts";
import { choice, file } from "./config_value.ts";
import {
  type ApnsPlace,
  apnsPlace,
  appleId,
  bundleId,
  type FileSource,
  origin,
  origins,
  p8Key,
  vapidPart,
} from "./push_value.ts";

/** All choices about pushes. A service without credentials gets none: they are logged. */
export interface PushConfig {
  /** The file of the service account that speaks to FCM. */
  readonly googleCredentials: string | undefined;
  /** What stands for FCM and Google's token endpoint; undefined: they themselves. */
  readonly fcmUrl: URL | undefined;
  /** The key for APNs. Never log this. */
  readonly apnsKey: FileSource | undefined;
  /** What Apple calls that key; never undefined where there is one, like the next two. */
  readonly apnsKeyId: string | undefined;
  /** What Apple calls the team whose it is. */
  readonly apnsTeamId: string | undefined;
  /** What Apple calls the application. */
  readonly apnsTopic: string | undefined;
  /** Where APNs is reached. */
  readonly apnsUrl: ApnsPlace;
  /** By what push services of browsers know the deployment; all three, or none. */
  readonly vapidPublic: string | undefined;
  /** The private half. Never log this. */
  readonly vapidPrivate: string | undefined;
  /** Where the operators are reached. */
  readonly vapidSubject: string | undefined;
  /** Origins of push services that need not be on the public internet. */
  readonly pushOrigins: readonly string[];
  /** What a push may tell. */
  readonly pushContent: "none" | "sender" | "text";
}

const ORIGINS_MAX = 100;

/** The variables, by what they set. */
export const PUSH_TABLE: { readonly [K in keyof PushConfig]: ConfigRow<PushConfig[K]> } = {
  googleCredentials: {
    name: "GOOGLE_APPLICATION_CREDENTIALS",
    default: "none",
    meaning: "the JSON file of the service account that sends pushes through FCM",
    value: file("the path of a service account's JSON file"),
    unset: { value: undefined },
  },
  fcmUrl: {
    name: "TITAN_FCM_URL",
    default: "Google's own",
    meaning: "what stands for FCM and for Google's token endpoint, in tests",
    value: origin(),
    unset: { value: undefined },
  },
  apnsKey: {
    name: "TITAN_APNS_KEY",
    default: "none",
    meaning: "the key that signs for APNs: the text of its .p8 file, or the path",
    value: p8Key(),
    unset: { value: undefined },
    hidden: true,
  },
  apnsKeyId: {
    name: "TITAN_APNS_KEY_ID",
    default: "none",
    meaning: "what Apple calls the key",
    value: appleId(),
    unset: { value: undefined },
  },
  apnsTeamId: {
    name: "TITAN_APNS_TEAM_ID",
    default: "none",
    meaning: "what Apple calls the team whose key it is",
    value: appleId(),
    unset: { value: undefined },
  },
  apnsTopic: {
    name: "TITAN_APNS_TOPIC",
    default: "none",
    meaning: "the bundle id of the application; a device may name another of the team's",
    value: bundleId(),
    unset: { value: undefined },
  },
  apnsUrl: {
    name: "TITAN_APNS_URL",
    default: "production",
    meaning: "production, sandbox for applications built for development, or what stands for APNs",
    value: apnsPlace(),
  },
  vapidPublic: {
    name: "TITAN_VAPID_PUBLIC",
    default: "none",
    meaning: "the public key that browsers subscribe with",
    value: vapidPart("publicKey"),
    unset: { value: undefined },
  },
  vapidPrivate: {
    name: "TITAN_VAPID_PRIVATE",
    default: "none",
    meaning: "the private key that signs for push services of browsers",
    value: vapidPart("privateKey"),
    unset: { value: undefined },
    hidden: true,
  },
  vapidSubject: {
    name: "TITAN_VAPID_SUBJECT",
    default: "none",
    meaning: "where push services reach the operators: a mailto: or https: URL",
    value: vapidPart("subject"),
    unset: { value: undefined },
  },
  pushOrigins: {
    name: "TITAN_PUSH_ORIGINS",
    default: "none",
    meaning: "push services of browsers that need not be on the public internet",
    value: origins(ORIGINS_MAX),
    unset: { value: [] },
  },
  pushContent: {
    name: "TITAN_PUSH_CONTENT",
    default: "sender",
    meaning: "what a push tells: none: that messages wait; sender: from whom; text: also what",
    value: choice("none", "sender", "text"),
  },
};

/** Variables of which none is of use without the others. */
const GROUPS: readonly (readonly (keyof PushConfig)[])[] = [
  ["apnsKey", "apnsKeyId", "apnsTeamId", "apnsTopic"],
  ["vapidPublic", "vapidPrivate", "vapidSubject"],
];

/** How variables are written. */
export interface Written {
  /** Whether a variable holds anything, be it a mistake. */
  isSet(name: string): boolean;
  /** What a variable is called where it is set. */
  label(name: string): string;
}

/**
 * Finds what is wrong with variables that are fine each by itself: some without the others, and
 * keys that are no pair.
 */
export function pushProblems(config: PushConfig, { isSet, label }: Written): readonly string[] {
  const problems = GROUPS.flatMap((keys) => {
    const names = keys.map((key) => PUSH_TABLE[key].name);
    const first = names.find(isSet);
    if (first === undefined) return [];
    return names.filter((name) => !isSet(name)).map((name) =>
      `${name} must be set where ${label(first)} is`
    );
  });
  const { vapidPublic: publicKey, vapidPrivate: privateKey, vapidSubject: subject } = config;
  if (publicKey === undefined || privateKey === undefined || subject === undefined) return problems;
  const faults = findVapidFaults({ publicKey, privateKey, subject });
  const name = label(PUSH_TABLE.vapidPublic.name);
  return [...problems, ...faults.map(({ message }) => `${name} ${message}`)];
}
