/**
 * How issuers of ID tokens are written in a variable of the environment.
 *
 * @module
 */
import { z } from "zod";
import { ISSUER_AUDIENCES_MAX, ISSUERS_MAX, URL_CHARS_MAX } from "../limits.ts";
import type { ConfigValue } from "./config_value.ts";
import { readJson } from "./read_json.ts";
import { isIssuerName, isIssuerUrl, type IssuerConfig } from "./oidc/mod.ts";

/** The name of the issuer that every deployment has. */
const GOOGLE_NAME = "google";

const audience = z.string().regex(/^\S+$/);

const issuerSchema = z.strictObject({
  name: z.string().refine((name) => isIssuerName(name) && name !== GOOGLE_NAME),
  issuer: z.string().refine(isWrittenIssuerUrl),
  audience: z.union([audience, z.array(audience).min(1).max(ISSUER_AUDIENCES_MAX)]),
});

const issuersSchema = z.array(issuerSchema).max(ISSUERS_MAX)
  .superRefine((issuers, context) => {
    const names = issuers.map(({ name }) => name);
    const again = names.findIndex((name, i) => names.indexOf(name) < i);
    if (again !== -1) context.addIssue({ code: "custom", path: [again, "name"] });
  })
  .transform((issuers): readonly IssuerConfig[] =>
    issuers.map(({ name, issuer, audience }) => {
      return { name, issuer, audiences: typeof audience === "string" ? [audience] : audience };
    })
  );

/** The URL of an issuer, exactly as its tokens have it. */
export function issuerUrl(): ConfigValue<string> {
  return {
    allowed: "an https URL without a query (http on this machine)",
    read: (text) => isWrittenIssuerUrl(text) ? text : undefined,
  };
}

/** A JSON list of issuers, each with a name of its own. */
export function issuers(): ConfigValue<readonly IssuerConfig[]> {
  return {
    form: "json",
    allowed: `a JSON list of at most ${ISSUERS_MAX} such as ` +
      '[{"name":"acme","issuer":"https://login.acme.example","audience":"client-id"}], ' +
      'each with another name of a to z, 0 to 9 and "-" that is not "google", an https URL, ' +
      "and one audience or a list of them",
    read(text) {
      const reading = readJson(text, issuersSchema);
      return "value" in reading ? reading.value : undefined;
    },
    fault(text) {
      const reading = readJson(text, issuersSchema);
      return "fault" in reading ? reading.fault : undefined;
    },
  };
}

/** Parsers of URLs let pass what no token would have, such as blanks around it. */
function isWrittenIssuerUrl(text: string): boolean {
  return text.length <= URL_CHARS_MAX && /^https?:\/\/\S+$/.test(text) && isIssuerUrl(text);
}
