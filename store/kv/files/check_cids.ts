/**
 * What is known of clients' own message ids, and the lists by which it is forgotten in time.
 *
 * @module
 */
import type { Cid } from "../cids.ts";
import { cidNames } from "../keys.ts";
import { markOf } from "../sender_marks.ts";
import { parseJson } from "../values.ts";
import type { RowCheck } from "./check_scene.ts";

/** A list of cids. Lists are before the cids in the order of keys. */
export const checkCidList: RowCheck = ({ value }, { listedCids }) => {
  for (const [mark, cid] of parseJson<[string, string][]>(value)) {
    listedCids.add(markOf(mark).hash, cid);
  }
};

/** A cid. */
export const checkCid: RowCheck = ({ key, value }, scene) => {
  const [mark, cid] = cidNames(key);
  const { id, time, expires } = parseJson<Cid>(value);
  if (typeof id !== "string" || !(time <= expires)) scene.tell("A cid is damaged");
  if (scene.listedCids.has(markOf(mark).hash, cid)) return;
  scene.tell("A cid is in no list by which it is forgotten in time");
};
