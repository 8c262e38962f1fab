/**
 * The credentials of FCM: a service account of the Firebase project.
 *
 * @module
 */

/** What is used of the file that Firebase's console makes for a service account. */
export interface ServiceAccount {
  /** The project whose devices get pushes. */
  readonly projectId: string;
  /** Who signs. */
  readonly clientEmail: string;
  /** The key that signs, in PEM (PKCS #8). */
  readonly privateKey: string;
  /** Which key it is. */
  readonly privateKeyId: string | undefined;
  /** Where signatures are changed for access tokens. */
  readonly tokenUri: string;
}

/** Google's token endpoint, where the file names none. */
const TOKEN_URI = "https://oauth2.googleapis.com/token";

/** Ids of projects become part of a path. Old ones have a domain before a colon. */
const PROJECT_ID = /^[a-z0-9.:-]{1,100}$/;

/**
 * Reads the file of a service account.
 *
 * @param text what is in it: JSON
 * @throws {TypeError} it is none. What is in it is not told.
 */
export function parseServiceAccount(text: string): ServiceAccount {
  const members = parseObject(text);
  if (members.get("type") !== "service_account") {
    throw new TypeError('Cannot read the service account: its "type" is not "service_account"');
  }
  const projectId = requireText(members, "project_id");
  if (!PROJECT_ID.test(projectId)) {
    throw new TypeError('Cannot read the service account: its "project_id" is no id of a project');
  }
  const privateKeyId = members.get("private_key_id");
  const tokenUri = members.get("token_uri") ?? TOKEN_URI;
  if (typeof tokenUri !== "string" || URL.parse(tokenUri)?.protocol !== "https:") {
    throw new TypeError('Cannot read the service account: its "token_uri" is no https URL');
  }
  return {
    projectId,
    clientEmail: requireText(members, "client_email"),
    privateKey: requireText(members, "private_key"),
    privateKeyId: typeof privateKeyId === "string" ? privateKeyId : undefined,
    tokenUri,
  };
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes what it read, which may be the key.
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("Cannot read the service account: it is no JSON object");
  }
  return new Map(Object.entries(value));
}

function requireText(members: ReadonlyMap<string, unknown>, name: string): string {
  const value = members.get(name);
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`Cannot read the service account: it has no "${name}"`);
}
