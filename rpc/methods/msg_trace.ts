/**
 * `msg.trace`: tells the sender of a message what became of it.
 *
 * @module
 */
import { z } from "zod";
import { MESSAGE_ID_CHARS } from "../../limits.ts";
import { stringCheck } from "../invalid_params.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";
import { RpcError } from "../rpc_error.ts";
import { traceView, viewOfTrace } from "../trace_view.ts";

const id = z.string().check(
  stringCheck((value) =>
    value.length === MESSAGE_ID_CHARS ? value : {
      detail: `must be the id of a message, ${MESSAGE_ID_CHARS} characters`,
      limit: MESSAGE_ID_CHARS,
    }
  ),
).meta({
  description: "The id of a message that this user sent",
  minLength: MESSAGE_ID_CHARS,
  maxLength: MESSAGE_ID_CHARS,
});

/** Tells what became of a message. Nobody but its sender learns whether there is such a message. */
export const msgTrace: Method = defineMethod({
  name: "msg.trace",
  summary: "Tells the sender of a message what became of it, step by step.",
  access: "user",
  params: z.object({ id }),
  result: traceView,
  handler({ id }, session, { traces }) {
    const { user } = identityOf(session);
    const trace = traces.find(id);
    if (trace === null || trace.sender !== user) {
      const detail = "it is not known here as one of yours, is too old, or is not in the sample";
      throw new RpcError("not_traced", { detail });
    }
    return viewOfTrace(trace);
  },
});
