/**
 * The table of the methods that clients can call.
 *
 * @module
 */
import type { Method } from "../method.ts";
import { authGoogle } from "./auth_google.ts";
import { authJwt } from "./auth_jwt.ts";
import { authLogout } from "./auth_logout.ts";
import { authLogoutAll } from "./auth_logout_all.ts";
import { authOidc } from "./auth_oidc.ts";
import { authRefresh } from "./auth_refresh.ts";
import { deviceList } from "./device_list.ts";
import { deviceRegister } from "./device_register.ts";
import { deviceRemove } from "./device_remove.ts";
import { echo } from "./echo.ts";
import { createMsgSend } from "./msg_send.ts";
import { msgTrace } from "./msg_trace.ts";
import { ping } from "./ping.ts";
import { pushReceived } from "./push_received.ts";
import { createRpcDiscover } from "./rpc_discover.ts";
import { userDelete } from "./user_delete.ts";
import { userExport } from "./user_export.ts";
import { userMe } from "./user_me.ts";
import { userUpdate } from "./user_update.ts";

/**
 * Makes the table. Names are looked up in a map, where no name but these finds anything.
 *
 * @returns all methods by name
 */
export function createMethods(): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  const table = [
    ...[authGoogle, authJwt, authOidc, authRefresh, authLogout, authLogoutAll],
    ...[deviceList, deviceRegister, deviceRemove],
    ...[echo, createMsgSend(), msgTrace, ping, createRpcDiscover(methods)],
    pushReceived,
    ...[userDelete, userExport, userMe, userUpdate],
  ];
  for (const method of table) methods.set(method.name, method);
  return methods;
}
