/**
 * `titan chat`: a client in a terminal.
 *
 * @module
 */
import { parseDeviceId } from "../../../rpc/mod.ts";
import { receiverArgument, userArgument } from "../arguments.ts";
import { environmentToken } from "../environment_token.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { Program } from "../program.ts";
import { serverUrl } from "../server_url.ts";
import { makeToken } from "../token_command.ts";
import { Chat } from "./chat.ts";
import { PipeScreen } from "./pipe_screen.ts";
import { ConnectError, type RpcPeer, RpcSocket } from "./rpc_socket.ts";
import type { Screen } from "./screen.ts";

/** The options of the command. */
export interface ChatOptions {
  /** The server; without it, the one that the configuration names. */
  readonly url?: string;
  /** Whom to sign in as, with the secret of the data directory. */
  readonly user?: string;
  /** What to sign in with. */
  readonly token?: string;
  /** The device to be. */
  readonly device?: string;
}

/** How long a token is valid that a chat makes for itself, in seconds: until it is signed in. */
const TOKEN_SECONDS = 600;

/**
 * Chats until the input ends.
 *
 * @param to whom to write to
 * @returns the exit code
 * @throws {CommandError} the chat cannot begin, or cannot go on.
 */
export async function chat(
  program: Program,
  to: string | undefined,
  options: ChatOptions,
): Promise<number> {
  const { device } = options;
  if (device !== undefined && parseDeviceId(device) === undefined) {
    throw new CommandError(`"${device}" cannot be a device id`, EXIT.usage);
  }
  const url = serverUrl(program.config, options.url, "ws");
  const token = tokenSource(program, options);
  const receiver = to === undefined ? "" : receiverArgument(to);
  // Fails now, before anything is typed, where there is no secret to be had.
  await token();
  using screen = await openScreen();
  const running = new Chat({
    screen,
    clock: program.clock,
    random: Math.random,
    connect: (peer) => connect(program, url, { peer, token, device }),
    token,
    device,
    receiver,
    cidPrefix: crypto.randomUUID(),
  });
  return await running.run();
}

/** Where the token of each connection comes from. */
function tokenSource(program: Program, options: ChatOptions): () => Promise<string> {
  const { user, token } = options;
  if (user !== undefined && token !== undefined) {
    throw new CommandError("Options --user and --token exclude each other", EXIT.usage);
  }
  if (user !== undefined) {
    const request = { user: userArgument(user), ttlSeconds: TOKEN_SECONDS };
    return () => makeToken(program, request);
  }
  const given = token ?? environmentToken();
  if (given === "") {
    throw new CommandError("Say who you are: --user USER, or a token in TITAN_TOKEN", EXIT.usage);
  }
  return () => Promise.resolve(given);
}

/**
 * Connects. A server that wants the credential in the upgrade request says so with 401, and gets it
 * there; others do not, since only a sign-in by message can ask for the receipts that wait.
 */
async function connect(
  { clock }: Program,
  url: URL,
  { peer, token, device }: {
    readonly peer: RpcPeer;
    readonly token: () => Promise<string>;
    readonly device: string | undefined;
  },
): Promise<RpcSocket> {
  try {
    return await RpcSocket.open({ url: url.href, protocols: [], clock, peer });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.status !== 401) throw error;
    const withDevice = new URL(url);
    if (device !== undefined) withDevice.searchParams.set("device", device);
    const protocols = ["titan", `bearer.${await token()}`];
    return await RpcSocket.open({ url: withDevice.href, protocols, clock, peer });
  }
}

async function openScreen(): Promise<Screen> {
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) {
    const { TerminalScreen } = await import("./terminal_screen.ts");
    const { default: { stdin: input, stdout: output } } = await import("node:process");
    return new TerminalScreen({ input, output, colour: !Deno.noColor });
  }
  return new PipeScreen({
    input: Deno.stdin.readable,
    output: Deno.stdout,
    notices: (line) => console.error(line),
  });
}
