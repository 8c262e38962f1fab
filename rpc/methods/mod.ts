/**
 * The table of the methods that clients can call.
 *
 * @module
 */
import type { Method } from "../method.ts";
import { authJwt } from "./auth_jwt.ts";
import { echo } from "./echo.ts";
import { createMsgSend } from "./msg_send.ts";
import { ping } from "./ping.ts";
import { createRpcDiscover } from "./rpc_discover.ts";

/**
 * Makes the table. Names are looked up in a map, where no name but these finds anything.
 *
 * @returns all methods by name
 */
export function createMethods(): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (
    const method of [authJwt, echo, createMsgSend(), ping, createRpcDiscover(methods)]
  ) {
    methods.set(method.name, method);
  }
  return methods;
}
