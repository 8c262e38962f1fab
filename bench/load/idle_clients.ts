/**
 * Many clients that sign in and stay: one of the processes that `idle.ts` starts. It prints a line
 * when all are in, waits until its input ends, and prints how many are still there.
 *
 * @module
 */
import { systemClock, systemRandom } from "../../server/clock.ts";
import { createTokens, type Tokens } from "../../server/auth/mod.ts";
import { createCommand, runCommand, wholeNumber } from "../harness/command_line.ts";
import type { ChatClient } from "./chat_client.ts";
import { connectTitan } from "./titan_client.ts";

/** Sign-ins under way at once: the server lets few in that have not signed in. */
const CONNECTING_MAX = 25;

const TOKEN_SECONDS = 3600;

interface Options {
  readonly secret: string;
  readonly count: number;
  readonly prefix: string;
}

async function main(): Promise<void> {
  const command = createCommand("idle_clients", "Signs in and stays")
    .argument("<address>", "host:port")
    .requiredOption("--secret <secret>", "the server's TITAN_JWT_SECRET")
    .requiredOption("--count <count>", "of clients", wholeNumber)
    .requiredOption("--prefix <text>", "of the names of users")
    .parse(Deno.args, { from: "user" });
  const [address = ""] = command.args;
  const options = command.opts<Options>();
  const lost = new Set<string>();
  const clients = await connectAll(address, options, lost);
  console.log("connected");
  // deno-lint-ignore no-empty -- whatever comes, only the end counts
  for await (const _ of Deno.stdin.readable) {}
  console.log(clients.length - lost.size);
  for (const client of clients) client.close();
}

async function connectAll(
  address: string,
  { secret, count, prefix }: Options,
  lost: Set<string>,
): Promise<readonly ChatClient[]> {
  const tokens = await tokensOf(secret);
  const sign = (user: string) => tokens.sign({ user, ttlSeconds: TOKEN_SECONDS });
  const connect = connectTitan(address, sign);
  const clients: ChatClient[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const user = `${prefix}${next++}`;
      const failed = () => void lost.add(user);
      clients.push(await connect(user, { acknowledged() {}, received() {}, failed }));
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_MAX }, worker));
  return clients;
}

function tokensOf(secret: string): Promise<Tokens> {
  return createTokens({
    secrets: [new TextEncoder().encode(secret)],
    maxAgeSeconds: TOKEN_SECONDS,
    now: systemClock.now,
    random: systemRandom,
  });
}

if (import.meta.main) await runCommand(main);
