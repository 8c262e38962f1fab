/**
 * `rpc.discover`: describes all methods (OpenRPC 1.3, "Service Discovery Method").
 *
 * @module
 */
import { z } from "zod";
import { defineMethod, JsonText, type Method } from "../method.ts";
import { openRpcDocument } from "../open_rpc.ts";

/**
 * Makes the method that describes the others.
 *
 * @param methods the methods to describe, itself included by the time it is called
 */
export function createRpcDiscover(methods: ReadonlyMap<string, Method>): Method {
  // A stranger may ask for it, so it is made once.
  let document: JsonText | undefined;
  return defineMethod({
    name: "rpc.discover",
    summary: "Answers this description as an OpenRPC document.",
    access: "anyone",
    oncePerBatch: true,
    params: z.unknown(),
    result: z.looseObject({ openrpc: z.string() }),
    handler(_params, _session, services) {
      document ??= new JsonText(JSON.stringify(openRpcDocument(methods.values(), services)));
      return document;
    },
  });
}
