/**
 * The process of the load, as the program sees it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { within } from "../harness/wait_for.ts";
import { linesOf } from "./lines.ts";
import type { ChatAnswer, ChatRequest } from "./protocol.ts";

/** How long any request may take, in milliseconds: checking a long round takes a while. */
const ANSWER_MS_MAX = 300_000;

/** What the records of a long round need, in MiB. */
const HEAP_MEBIBYTES = 8192;

/** The load. Disposing of it ends its process. */
export class ChatLoad implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncIterator<string>;

  /**
   * Starts the process; nobody chats yet.
   *
   * @param signal ends it, and with it whoever waits for an answer
   */
  constructor(signal: AbortSignal) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", `--v8-flags=--max-old-space-size=${HEAP_MEBIBYTES}`],
        fileURLToPath(new URL("chat_process.ts", import.meta.url)),
      ],
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#answers = linesOf(this.#child.stdout);
    signal.addEventListener("abort", () => this.#kill(), { once: true });
  }

  /**
   * Asks for something and waits for the answer.
   *
   * @throws {Error} it cannot be done, or a promise is broken already.
   */
  async ask(request: ChatRequest): Promise<ChatAnswer> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    const what = `the answer of the load to "${request.do}"`;
    const { value, done } = await within(this.#answers.next(), ANSWER_MS_MAX, what);
    if (done === true) throw new Error(`Waited for ${what}: its process is over`);
    const answer: ChatAnswer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  /** The load's clock. */
  async now(): Promise<number> {
    return (await this.ask({ do: "now" })).now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Without input it leaves; whatever it does is worth nothing any more.
    await this.#input.close().catch(() => {});
    this.#kill();
    await this.#child.stdout.cancel().catch(() => {});
    await this.#child.status;
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It is over already.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
