/**
 * `echo`: answers what it is sent.
 *
 * @module
 */
import { z } from "zod";
import { defineMethod, type Method } from "../method.ts";

/** Answers its params, and null where there are none. For testing a connection. */
export const echo: Method = defineMethod({
  name: "echo",
  summary: "Answers its params, and null where there are none.",
  access: "user",
  params: z.unknown(),
  result: z.unknown(),
  handler: (params) => params ?? null,
});
