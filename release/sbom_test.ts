import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import config from "../deno.json" with { type: "json" };
import { ROOT } from "./run_deno.ts";
import { describeMaterials, type Lock } from "./sbom.ts";

/** What CycloneDX 1.6 demands of the parts that a bill has here; nothing else may be in it. */
const licenses = z.array(
  z.union([
    z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[\w.+-]+$/) }) }),
    z.strictObject({ expression: z.string().min(1) }),
  ]),
);
const component = z.strictObject({
  type: z.enum(["application", "library", "platform"]),
  "bom-ref": z.string().min(1),
  group: z.string().optional(),
  name: z.string().min(1),
  version: z.string().min(1),
  scope: z.enum(["required", "optional", "excluded"]).optional(),
  hashes: z.array(z.strictObject({
    alg: z.literal("SHA-512"),
    content: z.string().regex(/^[a-f0-9]{128}$/),
  })).optional(),
  licenses: licenses.optional(),
  purl: z.string().regex(/^pkg:(npm|generic|github)\/[\w.%/-]+@[\w.+-]+$/),
});
const bill = z.strictObject({
  $schema: z.literal("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.6"),
  version: z.int().min(1),
  metadata: z.strictObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const INTEGRITY = `sha512-${"A".repeat(86)}==`;

const LOCK: Lock = {
  specifiers: { "npm:@a/one@1.0.0": "1.0.0", "npm:two_x@2": "2.1.0_@a+one@1.0.0" },
  npm: {
    "@a/one@1.0.0": { integrity: INTEGRITY, dependencies: ["two_x@2.1.0_@a+one@1.0.0", "three"] },
    "two_x@2.1.0_@a+one@1.0.0": { integrity: INTEGRITY, dependencies: ["three"] },
    "two_x@1.0.0": { integrity: INTEGRITY },
    "three@3.0.0": { integrity: INTEGRITY, optionalDependencies: ["two_x@1.0.0"] },
  },
};

function describe(materials: Partial<Parameters<typeof describeMaterials>[0]> = {}) {
  return bill.parse(describeMaterials({
    version: "9.8.7",
    denoVersion: "1.2.3",
    lock: LOCK,
    bundled: new Set(["@a/one@1.0.0"]),
    licences: new Map([["@a/one@1.0.0", "MIT"], ["three@3.0.0", "(MIT OR Apache-2.0)"]]),
    ...materials,
  }));
}

Deno.test("describeMaterials() lists what an executable is made of, and what it is not", () => {
  const { metadata, components } = describe();
  assert.deepEqual([metadata.component.name, metadata.component.version], ["titan", "9.8.7"]);
  assert.deepEqual(
    components.map(({ purl, scope, licenses }) => [purl, scope, licenses?.[0]]),
    [
      ["pkg:github/denoland/deno@v1.2.3", "required", { license: { id: "MIT" } }],
      ["pkg:npm/%40a/one@1.0.0", "required", { license: { id: "MIT" } }],
      ["pkg:npm/two_x@2.1.0", "excluded", undefined],
      ["pkg:npm/two_x@1.0.0", "excluded", undefined],
      ["pkg:npm/three@3.0.0", "excluded", { expression: "(MIT OR Apache-2.0)" }],
    ],
  );
  const [, one] = components;
  assert.deepEqual([one?.group, one?.name, one?.version], ["@a", "one", "1.0.0"]);
  assert.equal(one?.hashes?.[0]?.content, "0".repeat(128));
});

Deno.test("describeMaterials() says what needs what, by names that are in the bill", () => {
  const { dependencies } = describe();
  assert.deepEqual(
    dependencies.map(({ ref, dependsOn }) => [ref, ...dependsOn].map((name) => name.slice(4))),
    [
      [
        "generic/titan@9.8.7",
        "github/denoland/deno@v1.2.3",
        "npm/%40a/one@1.0.0",
        "npm/two_x@2.1.0",
      ],
      ["github/denoland/deno@v1.2.3"],
      ["npm/%40a/one@1.0.0", "npm/two_x@2.1.0", "npm/three@3.0.0"],
      ["npm/two_x@2.1.0", "npm/three@3.0.0"],
      ["npm/two_x@1.0.0"],
      ["npm/three@3.0.0", "npm/two_x@1.0.0"],
    ],
  );
});

Deno.test("describeMaterials() refuses a lock that leaves something out", () => {
  const lock = { ...LOCK, npm: { "@a/one@1.0.0": { dependencies: ["gone"] } } };
  assert.throws(() => describe({ lock }), /^Error: Package is missing in deno\.lock: /);
});

Deno.test("describeMaterials() takes in all of deno.lock, each once", async () => {
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock")));
  const { components, dependencies } = describe({ lock, version: config.version });
  assert.equal(components.length, Object.keys(lock.npm).length + 1);
  const refs = dependencies.map(({ ref }) => ref);
  assert.equal(new Set(refs).size, components.length + 1);
  for (const { dependsOn } of dependencies) {
    assert.equal(new Set(dependsOn).size, dependsOn.length);
    for (const ref of dependsOn) assert.ok(refs.includes(ref), ref);
  }
  for (const specifier of Object.values(config.imports)) {
    const purl = `pkg:${specifier.replace(":@", "/%40").replace("npm:", "npm/")}`;
    assert.ok(dependencies[0]?.dependsOn.includes(purl), purl);
  }
});
