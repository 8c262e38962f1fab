/**
 * The command line: which commands there are, what they take and what their help says.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { USER_PAGE_MAX } from "../user_admin.ts";
import { addBackup } from "./backup_parser.ts";
import { addConfig } from "./config_parser.ts";
import { example } from "./example.ts";
import type { Program } from "./program.ts";
import { addWatching } from "./watching_parser.ts";

/** Users of a page of `titan user list` where nothing else is asked for. */
const USER_PAGE_DEFAULT = 100;

const FOOTER = `
Environment: PORT, TITAN_HOST, TITAN_DATA_DIR, TITAN_JWT_SECRET and more, and the same in a file:
titan config example lists all
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 70 a fault in Titan`;

/** How the commands begin that are not loaded before they are called. */
export interface Commands {
  /** Runs the server and answers its exit code. */
  serve(): Promise<number>;
  /** Takes note of the file of settings that the command line names. */
  configure(path: string | undefined): Promise<void>;
  /** What a command ended with. */
  ended(exitCode: number): void;
}

/** Makes the parser of the command line. */
export function createParser(program: Program, commands: Commands): Command {
  const titan = new Command("titan")
    .description("Delivers chat messages, and loses none.")
    .version(program.version)
    .option("--config <file>", "TOML or JSON file of settings (default: as TITAN_CONFIG says)")
    .addHelpText("after", FOOTER)
    .hook("preAction", (command) => commands.configure(command.opts()["config"]))
    .exitOverride();
  // Commands inherit what is set before them.
  titan.configureOutput({ outputError: () => {} }).configureHelp({ showGlobalOptions: true });
  titan.command("serve")
    .description("run the server")
    .addHelpText(
      "after",
      example(
        "PORT=8080 TITAN_DATA_DIR=/var/lib/titan titan serve",
        "titan serve --config /etc/titan.toml",
      ),
    )
    .action(async () => commands.ended(await commands.serve()));
  addToken(titan, program);
  addRevoke(titan, program);
  addUser(titan, program);
  addPush(titan);
  addChat(titan, program, commands);
  addWatching(titan, program, commands);
  addBackup(titan, program, commands);
  addConfig(titan, program);
  return titan;
}

function addToken(titan: Command, program: Program): void {
  titan.command("token")
    .description("print a token by which a user signs in; no server is needed")
    .argument("<user>", "user id; a user who is unknown is made at the first sign-in")
    .option("--device <id>", "make it valid for one device only")
    .option("--ttl <time>", "how long it is valid: 3600, 60s, 15m, 12h, 30d", "30d")
    .addHelpText(
      "after",
      "\nIt is signed with TITAN_JWT_SECRET, or with the secret in TITAN_DATA_DIR, which is made\n" +
        "where it is missing.\n" + example("titan token alice --ttl 12h"),
    )
    .action(async (user, options) => {
      const { printToken } = await import("./token_command.ts");
      await printToken(program, user, options);
    });
}

function addRevoke(titan: Command, program: Program): void {
  titan.command("revoke")
    .description("refuse one token from now on, and end the connections that came in with it")
    .argument(
      "<token>",
      "a whole token, or the id of one (its jti); - reads it from standard input",
    )
    .option("--for <time>", "how long to remember an id: 12h, 30d (default: 3650d)")
    .option("--json", "print JSON")
    // The parser would print what is too much; the command does not.
    .allowExcessArguments()
    .addHelpText(
      "after",
      "\nOther users of this machine can see a token on a command line: give - and send it to\n" +
        "standard input. A whole token is remembered until it ends. An id that begins with - comes\n" +
        "after --. A client that also holds a refresh token gets itself another token with it:\n" +
        "titan user logout ends them all.\n" +
        example("titan revoke - < leaked.token", "titan revoke 4mJUAnDGXUo0ZDb6Wm9kSw --for 90d"),
    )
    .action(async (_token, options, command: Command) => {
      const { revokeToken } = await import("./revoke_command.ts");
      await revokeToken(program, command.args, options);
    });
}

function addUser(titan: Command, program: Program): void {
  const user = titan.command("user")
    .description("add, show, list, change, log out, export and remove users")
    .addHelpText(
      "after",
      "\nA running server is asked; where none runs, the data directory is used.\n" +
        example("titan user add alice --name 'Alice Liddell'"),
    );
  addUserWriters(user, program);
  addUserReaders(user, program);
  addUserEnders(user, program);
}

function loadUserCommands(): Promise<typeof import("./user_commands.ts")> {
  return import("./user_commands.ts");
}

function addUserWriters(user: Command, program: Program): void {
  const load = loadUserCommands;
  user.command("add").description("add a user")
    .argument("<user>", "user id")
    .option("--name <name>", "name")
    .option("--email <address>", "e-mail address")
    .option("--json", "print JSON")
    .addHelpText("after", example("titan user add alice --email alice@example.com"))
    .action(async (id, options) => (await load()).addUser(program, id, options));
  const update = user.command("update").description("change the name or the picture of a user")
    .argument("<user>", "user id")
    .option("--name <name>", "name: one line")
    .option("--no-name", "take the name away")
    .option("--picture <url>", "where a picture is: an https URL")
    .option("--no-picture", "take the picture away")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWho signs in with an issuer such as Google gets that issuer's name and picture again.\n" +
        example("titan user update alice --name 'Alice Liddell' --no-picture"),
    )
    .action(async (id, options) => (await load()).updateUser(program, id, options));
  for (const name of ["name", "picture"]) refuseBoth(update, name);
}

/** Lets nobody give an option and take it away: the parser itself would go by the last. */
function refuseBoth(command: Command, name: string): void {
  const given = new Set<string>();
  for (const flag of [name, `no-${name}`]) {
    command.on(`option:${flag}`, () => {
      if (given.add(flag).size === 1) return;
      command.error(`error: option '--${name}' cannot be used with option '--no-${name}'`);
    });
  }
}

function addUserReaders(user: Command, program: Program): void {
  const load = loadUserCommands;
  user.command("show").description("show a user, the devices and how much waits for them")
    .argument("<user>", "user id")
    .option("--json", "print JSON")
    .addHelpText("after", example("titan user show alice"))
    .action(async (id, options) => (await load()).showUser(program, id, options));
  user.command("list").description("list users in order of their ids")
    .option("--after <user>", "begin behind this id", "")
    .option("--limit <n>", `at most so many, up to ${USER_PAGE_MAX}`, pageLimit, USER_PAGE_DEFAULT)
    .addOption(
      new Option("--email <address>", "those with this e-mail address")
        .conflicts(["after", "limit"]),
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      example(
        "titan user list --limit 20 --after mallory",
        "titan user list --email a@example.com",
      ),
    )
    .action(async (options) => (await load()).listUsers(program, options));
  user.command("export").description("write everything that is kept about a user, as JSON")
    .argument("<user>", "user id")
    .option("--output <file>", "write to this file, which must not exist yet")
    .addHelpText(
      "after",
      "\nIt holds messages and push tokens: only the owner may read the file.\n" +
        example("titan user export alice > alice.json"),
    )
    .action(async (id, options) => (await load()).exportUser(program, id, options));
}

function addUserEnders(user: Command, program: Program): void {
  const load = loadUserCommands;
  user.command("logout").description("refuse all tokens of a user that were issued up to now")
    .argument("<user>", "user id; it need not be known here")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nConnections end, devices are woken no more; messages wait until the next sign-in.\n" +
        example("titan user logout alice"),
    )
    .action(async (id, options) => (await load()).logoutUser(program, id, options));
  user.command("remove")
    .description("remove a user with all devices and waiting messages, or one device of the user")
    .argument("<user>", "user id")
    .option("--device <id>", "remove only this device; messages wait for it no more")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      "\nTokens of a removed user are refused from then on; a newer one makes a new user of that\n" +
        "name. A removed device loses its session, and is a new one where it still has a token.\n" +
        example("titan user remove alice --yes", "titan user remove alice --device old-phone"),
    )
    .action(async (id, options) => (await load()).removeUser(program, id, options));
}

function addPush(titan: Command): void {
  const push = titan.command("push")
    .description("prepare pushes to browsers")
    .addHelpText("after", example("titan push keys"));
  push.command("keys")
    .description("make the key pair for Web Push, and print it as variables; nothing is kept")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nGive both lines to the server, and TITAN_VAPID_SUBJECT=mailto:YOU. The private key is a\n" +
        "secret. Make them once: after a change every browser has to subscribe again.\n" +
        example("titan push keys >> titan.env"),
    )
    .action(async (options) => {
      const { printPushKeys } = await import("./push_command.ts");
      await printPushKeys(options);
    });
}

function addChat(titan: Command, program: Program, commands: Commands): void {
  titan.command("chat")
    .description("chat in a terminal, or send the lines of a file")
    .argument("[to]", "whom to write to")
    .option("--url <url>", "the server; without it, the one that PORT and TITAN_HOST name")
    .option("--user <id>", "sign in as this user, with the secret of TITAN_DATA_DIR")
    .option("--token <token>", "sign in with this token: others on this machine can see it in ps")
    .option("--device <id>", "the device to be; of one device only the newest connection lives")
    .addHelpText(
      "after",
      "\nA token is better given in TITAN_TOKEN, where others cannot see it, or in the file that\n" +
        "TITAN_TOKEN_FILE names.\n" +
        "Each line is a message. /to USER changes the receiver, /quit ends, /help says more. Where\n" +
        "the input is no terminal, its lines are sent; when all are acknowledged and what waited is\n" +
        "printed, chat ends with 0, or with 1 where a line was refused.\n" +
        example("titan chat --user alice bob", "echo hello | TITAN_TOKEN=... titan chat bob"),
    )
    .action(async (to, options) => {
      const { chat } = await import("./chat/mod.ts");
      commands.ended(await chat(program, to, options));
    });
}

function pageLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= USER_PAGE_MAX) return limit;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${USER_PAGE_MAX}`);
}
