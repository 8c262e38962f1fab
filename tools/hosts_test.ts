/**
 * The files by which others run Titan say what Titan really takes: a variable or a command that is
 * gone would only show on somebody's host.
 */
import assert from "node:assert/strict";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import config from "../deno.json" with { type: "json" };
import { readConfig, VARIABLES } from "../server/config.ts";
import { readText } from "./tidy_tree.ts";

/** What a host gives the process after it asked it to end, beyond `TITAN_DRAIN`, in seconds. */
const GRACE_SECONDS = 10;

/** Heroku kills a dyno so many seconds after SIGTERM ("Dynos: shutdown"). */
const HEROKU_SECONDS = 30;

const DOCKERFILE = await readText("Dockerfile");

interface ComposeService {
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly "stop_grace_period"?: string;
  readonly "depends_on"?: Readonly<Record<string, { readonly condition: string }>>;
}

/** `compose.yaml`, as far as it is looked at. */
interface Compose {
  readonly services: Readonly<Record<"titan" | "caddy", ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly networks: Readonly<
    Record<string, { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } }>
  >;
}

/** What the configuration makes of variables; throws all mistakes. */
function configOf(variables: Readonly<Record<string, string>>) {
  const known = new Set(VARIABLES.map(({ name }) => name));
  for (const name of Object.keys(variables)) assert.ok(known.has(name), `${name} is no variable`);
  const values = new Map(Object.entries(variables));
  return readConfig((name) => values.get(name));
}

/** The variables that an instruction `ENV` or a line `Environment=` sets. */
function assignments(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/\b([A-Z][A-Z_]+)=(\S+)/g)].map(([, name, value]) => {
    return [name, value];
  }));
}

Deno.test("the Dockerfile has no mistake that a linter finds", () => {
  const problems = validate(DOCKERFILE).map(({ message, range: { start } }) => {
    return `line ${start.line + 1}: ${message}`;
  });
  assert.deepEqual(problems, []);
  // The linter does find some.
  assert.notDeepEqual(validate(DOCKERFILE.replace("USER ", "USR ")), []);
});

Deno.test("the Dockerfile builds with the Deno of the tests, and copies what ends in the image", async () => {
  const [, version] = /^FROM denoland\/deno:(\S+) AS build$/m.exec(DOCKERFILE) ?? [];
  assert.equal(version, Deno.version.deno);
  assert.match(await readText(".ci/run"), new RegExp(`deno@${version?.replaceAll(".", "\\.")}\\)`));
  assert.ok("compile" in config.tasks);
  // The image has no shell: a self-extracting executable would not start there.
  assert.match(DOCKERFILE, /^RUN deno task compile --compiled && /m);
  const ignored = (await readText(".dockerignore")).split("\n");
  for (
    const needed of [
      "main.ts",
      "server",
      "store",
      "push",
      "rpc",
      "release",
      "limits.ts",
      "deno.lock",
    ]
  ) {
    assert.ok(!ignored.includes(needed), `${needed} does not come to the build`);
  }
});

Deno.test("the image runs Titan with variables that there are, and not as root", () => {
  const [, text = ""] = /^ENV ((?:.*\\\n)*.*)$/m.exec(DOCKERFILE) ?? [];
  const { dataDir, host, port, listener } = configOf(assignments(text));
  assert.deepEqual({ host, listener }, { host: "0.0.0.0", listener: "ws" });
  assert.match(DOCKERFILE, new RegExp(`^EXPOSE ${port}$`, "m"));
  assert.match(DOCKERFILE, new RegExp(`^VOLUME \\["${dataDir}"\\]$`, "m"));
  assert.match(DOCKERFILE, /^USER 65532:65532$/m);
  assert.match(DOCKERFILE, /^STOPSIGNAL SIGTERM$/m);
  assert.match(DOCKERFILE, /^ {2}CMD \["\/usr\/local\/bin\/titan", "health"\]$/m);
});

Deno.test("compose.yaml puts Titan behind a proxy that it knows", async () => {
  const { services: { titan, caddy }, volumes, networks } = parse(
    await readText("compose.yaml"),
  ) as Compose;
  const { trustProxy, drainSeconds } = configOf(titan.environment);
  const subnet = networks[titan.networks[0] ?? ""]?.ipam.config[0]?.subnet;
  assert.deepEqual(trustProxy, [subnet]);
  assert.deepEqual(caddy.networks, titan.networks);
  assert.equal(titan["stop_grace_period"], `${drainSeconds + GRACE_SECONDS}s`);
  assert.equal("ports" in titan, false, "Titan can be reached past the proxy");
  assert.deepEqual(titan.volumes, ["titan_data:/data"]);
  for (const volume of [...titan.volumes, ...caddy.volumes]) {
    const [source = ""] = volume.split(":");
    if (source.startsWith("./")) assert.ok((await readText(source)).includes("reverse_proxy"));
    else assert.ok(source in volumes, `${source} is no volume`);
  }
  assert.equal(caddy["depends_on"]?.["titan"]?.condition, "service_healthy");
});

Deno.test("app.json sets variables that there are, and leaves time to drain", async () => {
  const { env, stack, formation } = JSON.parse(await readText("app.json")) as {
    stack: string;
    env: Record<string, { value?: string; generator?: string; description: string }>;
    formation: { web: { quantity: number } };
  };
  const variables = Object.entries(env).map(([name, { value, generator }]) => {
    // Heroku makes 64 hexadecimal digits.
    return [name, generator === "secret" ? "0123456789abcdef".repeat(4) : value ?? ""];
  });
  const { drainSeconds, jwtSecrets, dataDir } = configOf(Object.fromEntries(variables));
  // Heroku runs an image as a user of its own, whatever USER says, who may not write to /data.
  assert.match(dataDir, /^\/tmp\//);
  assert.ok(drainSeconds + GRACE_SECONDS <= HEROKU_SECONDS);
  assert.equal(jwtSecrets?.length, 1);
  // Two of them would each have a disk of its own.
  assert.equal(formation.web.quantity, 1);
  assert.equal(stack, "container");
  const { build } = parse(await readText("heroku.yml")) as { build: { docker: { web: string } } };
  assert.equal(build.docker.web, "Dockerfile");
});

Deno.test("the systemd unit gives Titan its directory, and time to drain", async () => {
  const unit = await readText("deploy/titan.service");
  const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
  const { dataDir, drainSeconds } = configOf(assignments(valueOf("Environment") ?? ""));
  assert.equal(dataDir, `/var/lib/${valueOf("StateDirectory")}`);
  // Its user has no home to unpack an executable in.
  assert.equal(valueOf("CacheDirectory"), "titan");
  assert.equal(Number(valueOf("TimeoutStopSec")), drainSeconds + GRACE_SECONDS);
  assert.equal(valueOf("ExecStart"), "/usr/local/bin/titan serve");
  assert.equal(valueOf("RestartPreventExitStatus"), "2");
});
