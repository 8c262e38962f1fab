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
  const url = serverUrl(program, options.url);
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

/** The WebSocket of the server. @throws {CommandError} the URL is none for a WebSocket. */
function serverUrl(program: Program, given: string | undefined): URL {
  const text = given ?? configuredUrl(program);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new CommandError(
      `Option --url must be as ws://127.0.0.1:3000: it is "${text}"`,
      EXIT.usage,
    );
  }
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  return url;
}

function configuredUrl(program: Program): string {
  const { host, port } = program.config();
  if (port === 0) throw new CommandError("Option --url is needed where PORT is 0", EXIT.usage);
  const everywhere: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], [
    "::",
    "::1",
  ]]);
  const name = everywhere.get(host) ?? host;
  return `ws://${name.includes(":") ? `[${name}]` : name}:${port}`;
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
