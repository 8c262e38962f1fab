import assert from "node:assert/strict";
import { checkListener } from "./check_listener.ts";

Deno.test("checkListener() warns where strangers may listen in", () => {
  const proxy = ["10.0.0.1"];
  assert.equal(checkListener({ host: "127.0.0.1", trustProxy: [] }).mark, "ok");
  assert.equal(checkListener({ host: "0.0.0.0", trustProxy: proxy }).mark, "ok");
  const bare = checkListener({ host: "0.0.0.0", trustProxy: [] });
  assert.equal(bare.mark, "warn");
  assert.match(bare.advice ?? "", /TITAN_TRUST_PROXY/);
});
