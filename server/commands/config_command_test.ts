import assert from "node:assert/strict";
import { readConfiguration } from "../config.ts";
import { countText, settingJson, settingLines } from "./config_command.ts";

/** A configuration of variables, and of a file where there is one. */
function configuration(
  variables: Readonly<Record<string, string>>,
  keys?: Readonly<Record<string, unknown>>,
) {
  const map = new Map(Object.entries(variables));
  const file = keys === undefined ? undefined : {
    path: "titan.toml",
    values: new Map(Object.entries(keys)),
    problems: [],
    isPublic: false,
  };
  return readConfiguration({ env: (name) => map.get(name), names: [...map.keys()], file });
}

Deno.test("countText() says how many settings are made, and where", () => {
  assert.equal(countText(configuration({})), "0 variables are set");
  assert.equal(countText(configuration({ PORT: "1", TITAN_HOST: "" })), "1 variable is set");
  assert.equal(
    countText(configuration({ PORT: "1" }, { port: 2, host: "::1" })),
    "1 variable is set, and 1 more in titan.toml",
  );
});

Deno.test("settingLines() and settingJson() tell where a setting is from, and no secret", () => {
  const { settings } = configuration({ TITAN_JWT_SECRET: "hunter2" }, { port: 2 });
  const lines = settingLines(settings).map((line) => line.split(/ {2,}/));
  assert.deepEqual(lines[0], ["VARIABLE", "KEY", "VALUE", "FROM"]);
  assert.deepEqual(lines[1], ["PORT", "port", "2", "titan.toml: port"]);
  assert.deepEqual(lines[2], ["TITAN_HOST", "host", "127.0.0.1", "default"]);
  assert.deepEqual(lines[6], ["TITAN_JWT_SECRET", "jwt_secret", "set", "environment"]);
  assert.deepEqual(settings.map(settingJson).slice(0, 2), [
    { variable: "PORT", key: "port", value: "2", from: "file", in: "titan.toml: port" },
    { variable: "TITAN_HOST", key: "host", value: "127.0.0.1", from: "default" },
  ]);
  assert.deepEqual(settingJson(settings[5] ?? assert.fail()), {
    variable: "TITAN_JWT_SECRET",
    key: "jwt_secret",
    set: true,
    from: "environment",
    in: "TITAN_JWT_SECRET",
  });
});
