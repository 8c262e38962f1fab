import assert from "node:assert/strict";
import { VARIABLES } from "./config.ts";
import { fileKeyOf, fileVariableOf, keyOf } from "./setting_names.ts";

Deno.test("keyOf() is the variable in small letters, without TITAN_", () => {
  assert.equal(keyOf("PORT"), "port");
  assert.equal(keyOf("TITAN_DATA_DIR"), "data_dir");
  assert.equal(keyOf("GOOGLE_CLIENT_ID"), "google_client_id");
  assert.equal(fileVariableOf("TITAN_JWT_SECRET"), "TITAN_JWT_SECRET_FILE");
  assert.equal(fileKeyOf("TITAN_JWT_SECRET"), "jwt_secret_file");
});

Deno.test("keyOf() and fileKeyOf() give every setting a key of its own", () => {
  const keys = VARIABLES.flatMap(({ name, secret }) =>
    secret ? [keyOf(name), fileKeyOf(name)] : [keyOf(name)]
  );
  assert.equal(new Set(keys).size, keys.length);
});
