/**
 * A bill of materials: what Titan is made of, as CycloneDX 1.6 has it (ECMA-424).
 *
 * @module
 */

/** What {@linkcode describeMaterials} is made of. */
export interface Materials {
  /** The version of Titan. */
  readonly version: string;
  /** That of the Deno that is in the executable. */
  readonly denoVersion: string;
  /** What `deno.lock` says. */
  readonly lock: Lock;
  /** The packages of which something is in the executable, as `name@version`. */
  readonly bundled: ReadonlySet<string>;
  /** The SPDX ids of the licences that are known, by `name@version`. */
  readonly licences: ReadonlyMap<string, string>;
}

/** The part of `deno.lock`, version 5, that is about npm packages. */
export interface Lock {
  /** What the sources ask for, as `npm:name@version`, and which version that is. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** By `name@version`. */
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

/** A package. */
export interface LockedPackage {
  /** The checksum of its archive: `sha512-` and base64. */
  readonly integrity?: string;
  /** Names, with `@version` where the lock has several. */
  readonly dependencies?: readonly string[];
  /** The same, of those that it can do without. */
  readonly optionalDependencies?: readonly string[];
}

/** A package with an id for the bill. */
interface Component {
  readonly id: string;
  readonly purl: string;
  readonly locked: LockedPackage;
}

/** The bill as an object that is to be written as JSON: the same for the same materials. */
export function describeMaterials(materials: Materials): unknown {
  const { version, denoVersion, lock } = materials;
  const components = componentsOf(lock);
  const titan = `pkg:generic/titan@${version}`;
  const deno = `pkg:github/denoland/deno@v${denoVersion}`;
  const wanted = Object.entries(lock.specifiers)
    .map(([specifier, found]) => refOf(components, `${nameOf(specifier.slice(4))}@${found}`));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        ...{ type: "application", "bom-ref": titan, name: "titan", version, purl: titan },
        licenses: [{ license: { id: "MIT" } }],
      },
    },
    components: [
      {
        ...{ type: "platform", "bom-ref": deno, name: "deno", version: denoVersion, purl: deno },
        ...{ scope: "required", licenses: [{ license: { id: "MIT" } }] },
      },
      ...[...components.values()].map((component) => describe(component, materials)),
    ],
    dependencies: [
      { ref: titan, dependsOn: [...new Set([deno, ...wanted])] },
      { ref: deno, dependsOn: [] },
      ...[...components.values()].map(({ purl, locked }) => ({
        ref: purl,
        dependsOn: [...new Set(needsOf(locked).map((name) => refOf(components, name)))],
      })),
    ],
  };
}

/** The packages by `name@version`, and by name where the lock has one version alone. */
function componentsOf({ npm }: Lock): Components {
  const all = new Map<string, Component>();
  for (const [key, locked] of Object.entries(npm)) {
    const id = idOf(key);
    all.set(id, { id, purl: purlOf(id), locked });
  }
  return all;
}

type Components = ReadonlyMap<string, Component>;

function describe({ id, purl, locked }: Component, { bundled, licences }: Materials): unknown {
  const [, group, name] = /^(?:(@[^/]+)\/)?(.+)@/.exec(id) ?? [];
  const licence = licences.get(id);
  return {
    type: "library",
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    version: id.slice(id.lastIndexOf("@") + 1),
    // What is for tests, or is never reached, is not in the executable.
    scope: bundled.has(id) ? "required" : "excluded",
    ...(locked.integrity === undefined ? {} : { hashes: [hashOf(locked.integrity)] }),
    ...(licence === undefined ? {} : { licenses: [licenceOf(licence)] }),
    purl,
  };
}

function needsOf({ dependencies = [], optionalDependencies = [] }: LockedPackage) {
  return [...dependencies, ...optionalDependencies];
}

/** Finds what a package calls another: its name, with a version where there are several. */
function refOf(components: Components, needed: string): string {
  const id = idOf(needed);
  const found = components.get(id) ??
    [...components.values()].find((one) => nameOf(one.id) === nameOf(id));
  if (found === undefined) throw new Error(`Package is missing in deno.lock: ${needed}`);
  return found.purl;
}

/** Leaves out which versions of its peers a package was given: they stand behind its version. */
function idOf(key: string): string {
  return key.replace(/^(.[^@]*@[^_]*)_.*$/, "$1");
}

function nameOf(id: string): string {
  const end = id.indexOf("@", 1);
  return end === -1 ? id : id.slice(0, end);
}

/** Names a package as the package URL specification has it. */
function purlOf(id: string): string {
  return `pkg:npm/${id.replace(/^@/, "%40")}`;
}

function hashOf(integrity: string): unknown {
  const content = Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
  return { alg: "SHA-512", content };
}

/** An id where it is one, and an expression where it is that. */
function licenceOf(text: string): unknown {
  return /^[\w.+-]+$/.test(text) ? { license: { id: text } } : { expression: text };
}
