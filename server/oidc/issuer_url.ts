/**
 * Which URLs may name an issuer and its keys.
 *
 * @module
 */

/**
 * Whether a text may be the URL of an issuer: `https`, or `http` on this machine for tests, and
 * neither a query nor a fragment (OpenID Connect Core §2, `iss`).
 */
export function isIssuerUrl(text: string): boolean {
  return isKeysUrl(text) && !/[?#]/.test(text);
}

/** Whether keys may be fetched from a URL: `https`, or `http` on this machine for tests. */
export function isKeysUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || isLoopback(url);
}

/**
 * Whether an issuer may have its keys at a URL. One on the network must not send us to this
 * machine, nor to where anybody on the way could change the keys.
 */
export function mayHaveKeysAt(issuer: string, text: string): boolean {
  return isKeysUrl(text) && (/^https:/i.test(text) || isLoopback(new URL(issuer)));
}

/** Where an issuer says what it offers (OpenID Connect Discovery §4). */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
