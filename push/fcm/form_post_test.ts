import assert from "node:assert/strict";
import { LocalHttps, type LocalRequest } from "./contract/local_https.ts";
import { postForm } from "./form_post.ts";

const FORM = new URLSearchParams({ grant: "a b", assertion: "x.y.z" });

function optionsOf(local: LocalHttps, signal = new AbortController().signal) {
  return { connect: (host: string) => local.connect(host), signal };
}

Deno.test("postForm() posts a form and answers what came back", async () => {
  let seen: LocalRequest | undefined;
  await using local = await LocalHttps.open((request, response) => {
    seen = request;
    response.writeHead(503, { "retry-after": "7" }).end("Not now \u20ac");
  });
  const url = new URL("/token?a=1", local.origin);
  const reply = await postForm(url, FORM, optionsOf(local));
  assert.deepEqual(reply, { status: 503, retryAfter: "7", body: "Not now \u20ac" });
  assert.deepEqual([seen?.method, seen?.path], ["POST", "/token?a=1"]);
  assert.equal(seen?.headers.host, url.host);
  assert.equal(seen?.headers["content-type"], "application/x-www-form-urlencoded");
  assert.equal(seen?.body, "grant=a+b&assertion=x.y.z");
});

Deno.test("postForm() leaves no connection", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using local = await LocalHttps.open(
    (_request, response) => response.end("Yes"),
    () => local.connections === 0 && resolve(),
  );
  await postForm(local.origin, FORM, optionsOf(local));
  await promise;
});

Deno.test("postForm() throws where the answer is cut off or much too long", async () => {
  await using local = await LocalHttps.open(({ path }, response) => {
    response.writeHead(200, { "content-length": "100000" });
    if (path === "/long") response.end("x".repeat(100_000));
    else response.write("x", () => response.socket?.end());
  });
  await assert.rejects(postForm(new URL("/short", local.origin), FORM, optionsOf(local)));
  await assert.rejects(postForm(new URL("/long", local.origin), FORM, optionsOf(local)), {
    message: "Cannot read the answer: it is too long",
  });
});

Deno.test("postForm() throws the code where nobody listens", async () => {
  const local = await LocalHttps.open(() => {});
  const { origin } = local;
  const options = optionsOf(local);
  const port = Number(origin.port);
  await local[Symbol.asyncDispose]();
  const { connectTls } = await import("./tls_connection.ts");
  const connect = () => connectTls("127.0.0.1", port);
  await assert.rejects(postForm(origin, FORM, { ...options, connect }), { code: "ECONNREFUSED" });
});

Deno.test("postForm() ends with its signal: before, while it waits, and within the answer", async () => {
  let controller = new AbortController();
  await using local = await LocalHttps.open(({ path }, response) => {
    const end = () => controller.abort("late");
    if (path === "/quiet") end();
    else response.writeHead(200, { "content-length": "9" }).write("x", end);
  });
  for (const path of ["/quiet", "/begun"]) {
    controller = new AbortController();
    const url = new URL(path, local.origin);
    const posted = postForm(url, FORM, optionsOf(local, controller.signal));
    await assert.rejects(posted, (reason) => reason === "late");
  }
  await assert.rejects(
    postForm(local.origin, FORM, optionsOf(local, controller.signal)),
    (reason) => reason === "late",
  );
});
