import assert from "node:assert/strict";
import { intentKey, serviceOf } from "./intent.ts";

Deno.test("intentKey() differs between all devices of all users", () => {
  const names = ["a", "b", "ab", "a/b", ""];
  const keys = names.flatMap((user) => names.map((device) => intentKey(user, device)));
  assert.equal(new Set(keys).size, names.length ** 2);
});

Deno.test("serviceOf() tells Web Push services apart by origin, and holds nothing else of an endpoint", () => {
  const web = (token: string) => serviceOf({ provider: "web", token, registered: 0 });
  assert.equal(web("https://push.example/secret"), "https://push.example");
  assert.equal(web("https://PUSH.example:443/another?x=y"), "https://push.example");
  assert.equal(web("https://user:pass@push.example:8443/x"), "https://push.example:8443");
  assert.equal(web("no URL"), "");
  assert.equal(serviceOf({ provider: "fcm", token: "secret", registered: 0 }), "fcm");
});
