/**
 * A program that sends one push, with the permissions that the server has, and prints its outcome as
 * JSON. Arguments: the file of a service account, the URL of FCM.
 *
 * @module
 */
import type { Push } from "../../push.ts";
import { FcmProvider, parseServiceAccount } from "../mod.ts";

const [path = "", url = ""] = Deno.args;

const PUSH: Push = {
  target: { token: "dK3v:APA91b" },
  content: { badge: 1, fetch: true },
  urgent: true,
  collapse: "a",
  expires: Date.now() + 60_000,
};

await using provider = await FcmProvider.open({
  account: parseServiceAccount(await Deno.readTextFile(path)),
  url,
  clock: {
    now: () => Date.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  },
  random: (buffer) => crypto.getRandomValues(buffer),
});
console.log(JSON.stringify(await provider.send(PUSH)));
