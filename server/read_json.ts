/**
 * Reads JSON that a person wrote, and tells where a mistake is without telling what is written: it
 * may be a secret in the wrong place.
 *
 * @module
 */
import type { z } from "zod";

/** What a text holds, or where it is wrong; the fault is a sentence without a capital. */
export type JsonReading<T> = { readonly value: T } | { readonly fault: string };

/** Reads a text by a schema. */
export function readJson<T>(text: string, schema: z.ZodType<T>): JsonReading<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { fault: "it is not JSON" };
  }
  const { success, data, error } = schema.safeParse(json);
  if (success) return { value: data };
  const path = error.issues[0]?.path.map(String).join(".") ?? "";
  return { fault: path === "" ? "it is other JSON" : `"${path}" is wrong` };
}
