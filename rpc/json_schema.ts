/**
 * JSON Schemas made of the schemas that validate.
 *
 * @module
 */
import { z } from "zod";

/** A JSON Schema (draft 7, which is what OpenRPC 1.3 uses). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of what a schema takes.
 *
 * @param schema a schema without transforms
 */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, "~standard": __, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // JSON has no undefined: what takes nothing else takes no value at all.
      if (zodSchema._zod.def.type === "undefined") jsonSchema.not = {};
    },
  });
  return rest;
}
