/**
 * `ping`: a sign of life.
 *
 * @module
 */
import { z } from "zod";
import { defineMethod, JsonText, type Method } from "../method.ts";

const PONG = new JsonText('"pong"');

/** Shows that the other side lives. */
export const ping: Method = defineMethod({
  name: "ping",
  summary: "Shows that the other side lives.",
  access: "anyone",
  params: z.unknown(),
  result: z.literal("pong"),
  handler: () => PONG,
});
