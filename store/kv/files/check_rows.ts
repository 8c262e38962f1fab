/**
 * Looks at every row of a file once, and asks for those that have to be there with it.
 *
 * @module
 */
import { StoreUnavailableError } from "../../store.ts";
import type { Finding, StoreCounts } from "../../store_files.ts";
import type { Row } from "../database.ts";
import { parseLines } from "../lines.ts";
import { replay } from "../replay.ts";
import type { Snapshot } from "./snapshot.ts";
import { joinText, parseJson } from "../values.ts";
import { checkCid, checkCidList } from "./check_cids.ts";
import { checkMailbox, checkOutbox, MessagesCheck } from "./check_mailboxes.ts";
import {
  checkDevice,
  checkEmail,
  checkPush,
  checkRemoval,
  checkTokenExpiry,
  checkUser,
} from "./check_people.ts";
import { quote, type RowCheck, Scene } from "./check_scene.ts";

/** Findings of one kind of row that are told; the rest is only counted. */
const FINDINGS_MAX = 1000;

/** Rows between two notes of how far it is. */
const NOTE_ROWS = 1000;

/** It is enough that it can be read. */
const json: RowCheck = ({ value }) => void parseJson(value);

/** Nothing but its key says anything. Times of expiries may be over: a sweep takes them away. */
const nothing: RowCheck = () => {};

/** The checks by the first part of the key; journal and messages are read as a whole. */
const CHECKS: ReadonlyMap<string | number | undefined, RowCheck> = new Map<string, RowCheck>([
  ["aside", checkAside],
  ["cid_expiries", checkCidList],
  ["cids", checkCid],
  ["counters", json],
  ["devices", checkDevice],
  ["emails", checkEmail],
  ["epoch", json],
  ["expiries", nothing],
  ["journal", nothing],
  ["journal_files", json],
  ["mailboxes", checkMailbox],
  ["outbox", checkOutbox],
  ["owner", json],
  ["pushes", checkPush],
  ["removals", checkRemoval],
  ["revoked_token_expiries", checkTokenExpiry],
  ["revoked_tokens", json],
  ["revoked_users", json],
  ["users", checkUser],
]);

/**
 * Compares all rows.
 *
 * @param found called with everything that is wrong
 * @param note called now and then with rows that were looked at
 */
export async function checkRows(
  rows: Snapshot,
  found: (finding: Finding) => void,
  note: (rows: number) => void,
): Promise<StoreCounts> {
  const damage = rows.damage();
  const tell = limited(found);
  // What cannot be read is not missing, and nobody should write where pages are damaged.
  const scene = new Scene(
    rows,
    damage.length === 0 ? tell : ({ problem }) => {
      tell({ problem, mend: [] });
    },
  );
  for (const text of damage) scene.tell(`SQLite says: ${text}`);
  await checkJournal(scene);
  try {
    checkAll(scene, note);
  } catch (error) {
    if (damage.length === 0 || !(error instanceof StoreUnavailableError)) throw error;
    const { cause } = error;
    const why = cause instanceof Error ? cause.message : error.message;
    scene.tell(`The rest cannot be read: ${why}`);
  }
  return scene.counts;
}

function checkAll(scene: Scene, note: (rows: number) => void): void {
  const messages = new MessagesCheck(scene);
  let count = 0;
  for (const row of scene.rows.all(() => scene.tell("A row is none of Titan's"))) {
    if (row.key[0] === "messages") messages.take(row);
    else checkRow(row, scene);
    if (++count % NOTE_ROWS === 0) note(count);
  }
  messages.end();
}

function checkRow(row: Row, scene: Scene): void {
  const [kind] = row.key;
  const check = CHECKS.get(kind);
  if (check === undefined) return scene.tellForeign(kind);
  try {
    check(row, scene);
  } catch {
    scene.tell(`A row of the kind ${quote(kind)} cannot be read`);
  }
}

/** Reads the journal as a start does. */
async function checkJournal(scene: Scene): Promise<void> {
  try {
    const { position, mailboxes } = await replay(scene.rows, scene.rows.records);
    scene.newest = position;
    for (const { user, cursors } of mailboxes.values()) {
      for (const [device, cursor] of cursors) {
        if (Math.max(cursor.position, cursor.sent) <= position) continue;
        const whose = `device ${quote(device)} of ${quote(user)}`;
        scene.tell(`The journal has a cursor of ${whose} past the newest message of all`);
      }
    }
    scene.counts.messages += unsettled(mailboxes.values());
  } catch {
    scene.tell("The journal cannot be read: a server would not start");
  }
}

/** Something that a device refused. It is kept in parts like all texts, the first says enough. */
function checkAside({ key, value }: Row, scene: Scene): void {
  const [, user, device, , part] = key;
  const whose = `device ${quote(device)} of ${quote(user)}`;
  if (!scene.mayBelongTo(String(user))) scene.tell(`What ${whose} set aside belongs to nobody`);
  if (part !== 0 || value.at(-1) !== "\n".charCodeAt(0)) return;
  parseLines(joinText([{ key, value, version: "" }])).next();
}

/** Entries of the journal, those in two mailboxes twice as they are in rows. */
function unsettled(mailboxes: Iterable<{ toSettle(upTo: number): readonly unknown[] }>): number {
  let count = 0;
  for (const mailbox of mailboxes) count += mailbox.toSettle(Infinity).length;
  return count;
}

/** Passes on as many findings as anybody reads. */
function limited(found: (finding: Finding) => void): (finding: Finding) => void {
  let count = 0;
  return (finding) => {
    if (++count <= FINDINGS_MAX) found(finding);
    else if (count === FINDINGS_MAX + 1) found({ problem: "And more like these", mend: [] });
  };
}
