/**
 * An OpenID Connect issuer on loopback that stands for Google: its own keys, discovery document,
 * key set and tokens, each as right or as wrong as a test wants it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
import { generateFor, type IssuerKey, signatureOf } from "./issuer_key.ts";
import { Changes } from "./wait_for.ts";

/** What an issuer publishes; `elsewhere` is where its redirects lead. */
export type IssuerDocument = "discovery" | "keys" | "elsewhere";

/**
 * What a request gets instead of the document: nothing ever, half of it and then nothing, a status,
 * a redirect to the true document, 10 MiB (and the connection stays open), no JSON, or other JSON.
 */
export type Misbehaviour =
  | "hang"
  | "hang in body"
  | "status 500"
  | "redirect"
  | "huge"
  | "garbage"
  | ((usual: Readonly<Record<string, unknown>>) => unknown);

/** How a local issuer is put together; everything has a default. */
export interface LocalIssuerOptions {
  /** What it has keys for. RSA keys take a while to make. @default {["RS256", "ES256", "EdDSA"]} */
  readonly algorithms?: readonly string[];
  /** Whom its tokens are for. @default {"titan-app"} */
  readonly audience?: string;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
  /** What comes after its host in its URL. @default {""} */
  readonly path?: string;
}

/** How a token is signed; by default as it should be. */
export interface TokenSigning {
  /** @default {the first of the issuer's algorithms} */
  readonly alg?: string;
  /** @default {that of the issuer's key for the algorithm}; null: none */
  readonly kid?: string | null;
  /** Another key than the issuer's; bytes are a secret for `HS256`. */
  readonly key?: KeyObject | Uint8Array;
  /** More members of the header, or others. */
  readonly header?: Readonly<Record<string, unknown>>;
}

const HUGE_BYTES = 10 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const TOKEN_SECONDS = 3600;

/** An issuer that serves from the moment it is started. */
export class LocalIssuer implements AsyncDisposable {
  /** How it calls itself, exactly. */
  readonly url: string;
  /** How often each document was asked for. */
  readonly hits: Record<IssuerDocument, number> = { discovery: 0, keys: 0, elsewhere: 0 };
  /** Answers that whoever asked did not want to the end. */
  abandoned = 0;
  readonly #algorithms: readonly string[];
  readonly #audience: string;
  readonly #now: () => number;
  readonly #port: number;
  readonly #changes = new Changes();
  readonly #misbehaviours = new Map<IssuerDocument, Misbehaviour>();
  /** Ends what hangs. */
  readonly #releases = new Set<() => void>();
  #server: Deno.HttpServer<Deno.NetAddr> | null;
  #published: readonly IssuerKey[] = [];
  #signing = new Map<string, IssuerKey>();
  #generation = 0;

  private constructor(options: LocalIssuerOptions) {
    const { algorithms = ["RS256", "ES256", "EdDSA"], audience = "titan-app" } = options;
    this.#algorithms = algorithms;
    this.#audience = audience;
    this.#now = options.now ?? (() => Date.now());
    this.#server = this.#listen(0);
    this.#port = this.#server.addr.port;
    this.url = `http://127.0.0.1:${this.#port}${options.path ?? ""}`;
  }

  /** Makes its keys and listens on a free port. */
  static start(options: LocalIssuerOptions = {}): LocalIssuer {
    const issuer = new LocalIssuer(options);
    issuer.rotate();
    return issuer;
  }

  /** Where its keys are. */
  get keysUrl(): string {
    return `${this.url.replace(/\/$/, "")}/keys`;
  }

  /** The key that signs for an algorithm now. */
  keyFor(alg: string): IssuerKey {
    const key = this.#signing.get(alg);
    if (key === undefined) throw new Error(`Issuer has no key for ${alg}`);
    return key;
  }

  /**
   * A token, signed by now. What the claims leave out is as it should be, but there is no e-mail
   * address; one that is given is verified. An undefined claim is left out of the token.
   *
   * @param claims or the JSON text of all of them
   */
  token(claims: Readonly<Record<string, unknown>> | string, signing: TokenSigning = {}): string {
    const { alg = this.#algorithms[0] ?? "" } = signing;
    const own = this.#signing.get(alg);
    const key = signing.key ?? own?.privateKey;
    const kid = signing.kid === null ? undefined : signing.kid ?? own?.kid;
    const header = JSON.stringify({ alg, kid, typ: "JWT", ...signing.header });
    const payload = typeof claims === "string" ? claims : JSON.stringify(this.#filled(claims));
    const signed = [header, payload].map((part) => Buffer.from(part).toString("base64url"))
      .join(".");
    return `${signed}.${signatureOf(alg, key, Buffer.from(signed)).toString("base64url")}`;
  }

  /**
   * Signs with new keys from now on.
   *
   * @param keep whether the old ones stay published
   */
  rotate(keep = false): void {
    this.#generation++;
    const pairs = new Map<string, KeyObject>();
    const made = this.#algorithms.map((alg): IssuerKey => {
      // One for all that RSA can do: it takes a while to make.
      const family = alg.replace(/^[RP]S\d+/, "RSA");
      const privateKey = pairs.get(family) ?? generateFor(alg);
      pairs.set(family, privateKey);
      return { alg, kid: `${alg}-${this.#generation}`, privateKey };
    });
    this.#signing = new Map(made.map((key) => [key.alg, key]));
    this.#published = keep ? [...this.#published, ...made] : made;
  }

  /** Answers requests for a document in a wrong way from now on; null: in the right way. */
  misbehave(document: IssuerDocument, how: Misbehaviour | null): void {
    if (how === null) this.#misbehaviours.delete(document);
    else this.#misbehaviours.set(document, how);
    this.#release();
  }

  /** Waits until a document was asked for so often. */
  async asked(document: IssuerDocument, times: number): Promise<void> {
    const state = () => JSON.stringify(this.hits);
    const enough = () => this.hits[document] >= times || undefined;
    await this.#changes.until(enough, `${times} requests for ${document}`, { state });
  }

  /** Waits until an answer was abandoned so often. */
  async left(times: number): Promise<void> {
    await this.#changes.until(() => this.abandoned >= times || undefined, "somebody to leave");
  }

  /** Stops listening. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#release();
    await server?.shutdown();
  }

  /** Listens again, on the port of before. */
  up(): void {
    this.#server ??= this.#listen(this.#port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  #listen(port: number): Deno.HttpServer<Deno.NetAddr> {
    const options = { hostname: "127.0.0.1", port, onListen: () => {} };
    return Deno.serve(options, ({ url }) => this.#answer(new URL(url).pathname));
  }

  #filled(claims: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const iat = Math.floor(this.#now() / 1000);
    return {
      iss: this.url,
      aud: this.#audience,
      sub: "1234",
      iat,
      exp: iat + TOKEN_SECONDS,
      ...("email" in claims ? { email_verified: true } : {}),
      ...claims,
    };
  }

  async #answer(path: string): Promise<Response> {
    const document = this.#documentAt(path);
    if (document === null) return new Response(null, { status: 404 });
    this.hits[document.kind]++;
    this.#changes.note();
    const usual = document.about === "keys" ? this.#keySet() : this.#discovery();
    const how = this.#misbehaviours.get(document.kind);
    return how === undefined ? Response.json(usual) : await this.#wrong(how, usual, document.about);
  }

  #documentAt(
    path: string,
  ): { readonly kind: IssuerDocument; readonly about: "discovery" | "keys" } | null {
    const base = new URL(this.url).pathname.replace(/\/$/, "");
    switch (path.startsWith(base) ? path.slice(base.length) : null) {
      case "/.well-known/openid-configuration":
        return { kind: "discovery", about: "discovery" };
      case "/keys":
        return { kind: "keys", about: "keys" };
      case "/elsewhere/discovery":
        return { kind: "elsewhere", about: "discovery" };
      case "/elsewhere/keys":
        return { kind: "elsewhere", about: "keys" };
      default:
        return null;
    }
  }

  #discovery(): Readonly<Record<string, unknown>> {
    return {
      issuer: this.url,
      jwks_uri: this.keysUrl,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: this.#algorithms,
    };
  }

  #keySet(): Readonly<Record<string, unknown>> {
    const keys = this.#published.map(({ alg, kid, privateKey }) => {
      return { ...createPublicKey(privateKey).export({ format: "jwk" }), alg, kid, use: "sig" };
    });
    return { keys };
  }

  async #wrong(
    how: Misbehaviour,
    usual: Readonly<Record<string, unknown>>,
    about: string,
  ): Promise<Response> {
    if (typeof how === "function") return Response.json(how(usual));
    switch (how) {
      case "hang":
        await new Promise<void>((resolve) => this.#releases.add(resolve));
        return new Response(null, { status: 503 });
      case "hang in body":
        return this.#endless(Buffer.from(JSON.stringify(usual).slice(0, 20)), 1);
      case "huge":
        return this.#endless(Buffer.alloc(CHUNK_BYTES, " "), HUGE_BYTES / CHUNK_BYTES);
      case "status 500":
        return Response.json(usual, { status: 500 });
      case "redirect": {
        const location = `${this.url.replace(/\/$/, "")}/elsewhere/${about}`;
        return new Response(null, { status: 302, headers: { location } });
      }
      case "garbage":
        return new Response("<!doctype html><title>Sign in to the network</title>");
    }
  }

  /** Some chunks, and then nothing: whoever waits for the end waits until it is released. */
  #endless(chunk: Uint8Array, chunks: number): Response {
    let left = chunks;
    let release = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        release = () => controller.close();
        this.#releases.add(release);
      },
      pull(controller) {
        if (left-- > 0) return controller.enqueue(chunk);
        return new Promise<void>(() => {});
      },
      cancel: () => {
        this.#releases.delete(release);
        this.abandoned++;
        this.#changes.note();
      },
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  }

  #release(): void {
    for (const release of this.#releases) release();
    this.#releases.clear();
  }
}
