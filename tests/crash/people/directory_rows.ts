/**
 * The directory as it lies on the disk of a server that has stopped: one user for one subject, and
 * nothing of those who are gone.
 *
 * @module
 */
import type { Key } from "../../../store/kv/database.ts";
import { emailKey, pushKey, senderMark } from "../../../store/kv/keys.ts";
import { parseJson } from "../../../store/kv/values.ts";
import type { Device, User } from "../../../store/mod.ts";
import { keysOf, rowsOf } from "../rows.ts";
import { Reporter, type Violation } from "../violation.ts";
import type { History } from "../history.ts";
import { readStory } from "./account_story.ts";

/** Rows whose key has the user in second place, and which go with the user. */
const BELONGINGS = ["devices", "mailboxes", "messages", "cids", "aside"];

/** Looks at the directory of a data directory after a run. */
export async function checkDirectory(
  dataDir: string,
  history: History,
): Promise<readonly Violation[]> {
  const reporter = new Reporter(history);
  const report = (what: string) => reporter.reportLines("rows", what, () => []);
  const users = (await rowsOf(dataDir, "users")).map(({ value }) => parseJson<User>(value));
  const ids = new Set(users.map(({ id }) => id));
  for (const person of history.people) {
    const isGone = readStory(person, history.lives).vacancies.at(-1)?.to === Infinity;
    if (ids.has(person.user) === isGone) report(`${person.user} is ${isGone ? "there" : "gone"}`);
  }
  // Those of cids stand under the marks of their senders.
  const owners = new Set([...ids].flatMap((id) => [id, senderMark(id)]));
  for (const name of BELONGINGS) {
    for (const [, user] of await keysOf(dataDir, name)) {
      if (!owners.has(String(user))) report(`"${name}" has a row of ${user}, who is gone`);
    }
  }
  const emails = users.flatMap(({ id, email }) => email === undefined ? [] : [emailKey(email, id)]);
  compare("emails", emails, await keysOf(dataDir, "emails"), report);
  const devices = (await rowsOf(dataDir, "devices")).map(({ value }) => parseJson<Device>(value));
  const pushes = devices.flatMap(({ user, id, push }) =>
    push === undefined ? [] : [[...pushKey(push), user, id]]
  );
  const owned = (await rowsOf(dataDir, "pushes")).map(({ key, value }) => {
    const { user, id } = parseJson<Pick<Device, "user" | "id">>(value);
    return [...key, user, id];
  });
  compare("pushes", pushes, owned, report);
  compare("removals", [], await keysOf(dataDir, "removals"), report);
  return reporter.violations;
}

/** Reports what is in one list and not in the other, or twice. */
function compare(
  name: string,
  due: readonly Key[],
  found: readonly Key[],
  report: (what: string) => void,
): void {
  const [wanted, there] = [due, found].map((keys) => keys.map((key) => key.join(" ")).sort());
  if (wanted?.join("\n") === there?.join("\n")) return;
  const missing = wanted?.filter((key) => !there?.includes(key)).join(", ");
  const left = there?.filter((key) => !wanted?.includes(key)).join(", ");
  report(`"${name}" do not fit: missing are [${missing}], too many are [${left}]`);
}
