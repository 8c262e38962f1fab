/**
 * `titan push keys`: makes what push services of browsers know the deployment by.
 *
 * @module
 */
import { generateVapidKeys, type VapidKeys } from "../../push/mod.ts";
import { PUSH_TABLE } from "../push_config.ts";
import { toJson } from "./user_output.ts";

/** The options of the command. */
export interface PushKeysOptions {
  /** Print JSON. */
  readonly json?: boolean;
}

/** Makes a key pair and prints it; nothing is kept. */
export async function printPushKeys({ json = false }: PushKeysOptions): Promise<void> {
  const keys = await generateVapidKeys();
  console.log(json ? toJson(keys) : pushKeysLines(keys).join("\n"));
}

/** A key pair as lines of a file of variables. */
export function pushKeysLines({ publicKey, privateKey }: VapidKeys): readonly string[] {
  return [
    `${PUSH_TABLE.vapidPublic.name}=${publicKey}`,
    `${PUSH_TABLE.vapidPrivate.name}=${privateKey}`,
  ];
}
