/**
 * A local FCM, with Google's token endpoint beside it: HTTP/1.1 over TLS, on one port.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { TEST_CA } from "../../contract/test_certificate.ts";
import type { LocalService, SeenPush, ServiceOptions, Situation } from "../../provider_contract.ts";
import type { PushProvider, PushTarget } from "../../push.ts";
import { FcmProvider } from "../fcm_provider.ts";
import { connectTls } from "../tls_connection.ts";
import { type Answer, invalid, refusal, taken, unauthenticated } from "./fcm_answers.ts";
import { readPush } from "./fcm_request.ts";
import { LocalHttps, type LocalRequest } from "./local_https.ts";
import { LocalTokens, refusedGrant } from "./local_tokens.ts";
import type { TestAccount } from "./test_account.ts";

/** A local FCM. */
export class LocalFcm implements LocalService {
  readonly seen: SeenPush[] = [];
  /** `Host` and path of every request, in order. */
  readonly requests: string[] = [];
  readonly tokens: LocalTokens;
  peak = 0;
  readonly #options: ServiceOptions;
  readonly #test: TestAccount;
  readonly #pending = new Set<ServerResponse>();
  #https: LocalHttps | undefined;
  #held: (() => void)[] = [];
  #situation: Situation = { kind: "accepted" };

  private constructor(options: ServiceOptions, test: TestAccount) {
    this.#options = options;
    this.#test = test;
    this.tokens = new LocalTokens(options.clock, test);
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(options: ServiceOptions, test: TestAccount): Promise<LocalFcm> {
    const service = new LocalFcm(options, test);
    service.#https = await LocalHttps.open(
      (request, response) => service.#serve(request, response),
      options.changed,
    );
    return service;
  }

  /** The server under it. */
  get https(): LocalHttps {
    if (this.#https === undefined) throw new Error("Cannot serve: not open yet");
    return this.#https;
  }

  get connections(): number {
    return this.https.connections;
  }

  get secrets(): readonly string[] {
    return [this.#test.account.privateKey, ...this.tokens.secrets];
  }

  answer(situation: Situation): void {
    this.#situation = situation;
    if (situation.kind === "expired_credentials") this.tokens.expireAll();
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  target(index: number): PushTarget {
    const name = String(index).padStart(6, "0");
    return { token: `dK3v${name}qTcRxW7:APA91b${`${name}HhPzJ4wqVn`.repeat(8)}` };
  }

  connect(trusted: boolean): Promise<PushProvider> {
    const { clock, random } = this.#options;
    const { account } = this.#test;
    return FcmProvider.open({
      account,
      url: this.https.origin.href,
      clock,
      random,
      ...(trusted ? { connect: (host, port) => connectTls(host, port, TEST_CA) } : {}),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.https[Symbol.asyncDispose]();
  }

  async #serve(request: LocalRequest, response: ServerResponse): Promise<void> {
    const { method, path, headers, body } = request;
    this.requests.push(`${headers.host}${path}`);
    const sendPath = `/v1/projects/${this.#test.account.projectId}/messages:send`;
    if (method === "POST" && path === "/token") {
      write(response, await this.#answerToken(headers["content-type"], body));
    } else if (method === "POST" && path === sendPath) this.#take(request, response);
    else write(response, { status: 404, body: "<!DOCTYPE html><p>Not Found" });
  }

  #answerToken(type: string | undefined, body: string): Promise<Answer> {
    const isRefused = this.#situation.kind === "refused_credentials";
    return isRefused ? Promise.resolve(refusedGrant()) : this.tokens.answer(type, body);
  }

  #take({ path, headers, body }: LocalRequest, response: ServerResponse): void {
    const { clock, changed } = this.#options;
    const situation = this.#situation;
    const { authorization = "" } = headers;
    let answer: Answer | null;
    try {
      this.seen.push(readPush(body, clock.now()));
      answer = refusal(situation, `POST ${path} ${authorization} ${body}`);
    } catch (error) {
      answer = invalid(String(error));
    }
    this.#pending.add(response);
    this.peak = Math.max(this.peak, this.#pending.size);
    response.once("close", () => {
      this.#pending.delete(response);
      changed();
    });
    const token = authorization.replace(/^Bearer /, "");
    const isNever = situation.kind === "expired_credentials" && situation.until === "never";
    if (isNever || !this.tokens.accepts(token)) answer = unauthenticated();
    if (answer !== null) write(response, answer);
    else this.#finish(situation.kind, response);
    changed();
  }

  #finish(kind: Situation["kind"], response: ServerResponse): void {
    const index = this.seen.length;
    const accept = () => write(response, taken(this.#test.account.projectId, index));
    switch (kind) {
      case "hang":
        this.#held.push(accept);
        break;
      case "reset":
        response.socket?.resetAndDestroy();
        break;
      case "killed":
        response.socket?.destroy();
        break;
      case "truncated":
        truncate(response, index % 2 === 0);
        break;
      default:
        accept();
    }
  }
}

function write(response: ServerResponse, { status, body, retryAfter }: Answer): void {
  const headers: Record<string, string> = { "content-type": "application/json; charset=UTF-8" };
  if (retryAfter !== undefined) headers["retry-after"] = retryAfter;
  response.writeHead(status, headers).end(body);
}

/** Ends an answer in the middle of its body, or of its status. */
function truncate(response: ServerResponse, hasStatus: boolean): void {
  const { socket } = response;
  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n";
  socket?.end(hasStatus ? `${head}{"name": "projects/` : "HTTP/1.1 20");
}
