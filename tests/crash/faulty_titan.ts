/**
 * `titan serve` with something wrong: the parts of `main.ts`, and ports that are decorated as a
 * {@linkcode Fault} says. The fault is the second argument, in JSON.
 *
 * @module
 */
import denoJson from "../../deno.json" with { type: "json" };
import { COMMIT_BACKLOG_BYTES_MAX } from "../../limits.ts";
import {
  type Clock,
  type Config,
  loadDenoListener,
  loadWsListener,
  runTitan,
  type StoreOpening,
  systemClock,
  systemRandom,
} from "../../server/mod.ts";
import { DenoDatabase } from "../../store/kv/deno_database.ts";
import { DenoJournalDirectory } from "../../store/kv/journal_files/mod.ts";
import { KvStore } from "../../store/kv/kv_store.ts";
import type { Store } from "../../store/mod.ts";
import type { Fault } from "./fault.ts";
import { withFaultyDirectory } from "./faulty_directory.ts";
import { withFaultyMailboxes } from "./faulty_mailboxes.ts";
import { withFaultyOutbox } from "./faulty_outbox.ts";
import { KillSwitch } from "./kill_switch.ts";
import { KillingDatabase } from "./killing_database.ts";
import { KillingDirectory } from "./killing_directory.ts";

/** Bytes of a file of the journal: so few that it goes on to another one all the time. */
const JOURNAL_FILE_BYTES = 128 * 1024;

async function openStore(fault: Fault, config: Config, opening: StoreOpening): Promise<Store> {
  const { kill } = fault;
  const { mailboxMessages, mailboxBytes } = config;
  const path = await opening.database();
  const file = await DenoDatabase.open(path);
  const files = new DenoJournalDirectory(path, JOURNAL_FILE_BYTES);
  const killSwitch = kill && new KillSwitch(kill, dieNow);
  const database = killSwitch === undefined ? file : new KillingDatabase(file, killSwitch);
  const directory = killSwitch === undefined ? files : new KillingDirectory(files, killSwitch);
  const store = await KvStore.open(database, {
    clock: storeClock(fault),
    limits: { mailboxMessages, mailboxBytes, backlogBytes: COMMIT_BACKLOG_BYTES_MAX },
    owner: { pid: Deno.pid, since: systemClock.now() },
    epoch: "test",
    lost: opening.lost,
    failed: opening.failed,
  }, directory);
  return withFaultyOutbox(withFaultyMailboxes(withFaultyDirectory(store, fault), fault), fault);
}

/** As `kill -9`: nothing of this process runs any more. */
function dieNow(): void {
  Deno.kill(Deno.pid, "SIGKILL");
}

function serverClock({ aheadMs = 0 }: Fault): Clock {
  return { ...systemClock, now: () => systemClock.now() + aheadMs };
}

/** A clock that lets background work come sooner. */
function storeClock(fault: Fault): Clock {
  const { hurry = 1 } = fault;
  const after: Clock["after"] = (ms, callback) => systemClock.after(ms / hurry, callback);
  return { ...serverClock(fault), after };
}

if (import.meta.main) {
  const [command = "", text = "{}"] = Deno.args;
  const fault: Fault = JSON.parse(text);
  const exitCode = await runTitan([command], {
    version: denoJson.version,
    clock: serverClock(fault),
    random: systemRandom,
    collectGarbage: undefined,
    openStore: (config, opening) => openStore(fault, config, opening),
    loadStoreFiles: () => Promise.reject(new Error("Files of the store are not used here")),
    loadSpans: () => Promise.resolve(undefined),
    loadListener: ({ listener }) => listener === "ws" ? loadWsListener() : loadDenoListener(),
  });
  Deno.exit(exitCode);
}
