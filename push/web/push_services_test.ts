import assert from "node:assert/strict";
import { FakeClock } from "../contract/fake_clock.ts";
import { type Endpoint, EndpointError } from "./endpoint.ts";
import { post, type ResolveHost } from "./https_post.ts";
import { type PushService, PushServices } from "./push_services.ts";
import { VapidToken } from "./vapid_token.ts";

/** Nobody listens there. */
const PORT = 1;
const NEVER = new AbortController().signal;
const REQUEST = { headers: {}, body: new Uint8Array(0) };

Deno.test("PushServices.use() lends the same service for all endpoints of an origin", async () => {
  using services = open();
  const [one, two] = [await lend(services, "a"), await lend(services, "a")];
  assert.equal(one, two);
  assert.notEqual(await lend(services, "b"), one);
  assert.equal(services.size, 2);
});

Deno.test("PushServices.use() makes a token for the origin", async () => {
  using services = open();
  const header = await services.use(endpointOf("a"), ({ token }) => token.header());
  assert.equal(header, "signed for https://a.example");
});

Deno.test("PushServices.use() keeps a bounded number of services, those used last", async () => {
  using services = open();
  const first = await lend(services, "h0");
  const second = await lend(services, "h1");
  for (let index = 2; index < 64; index++) await lend(services, `h${index}`);
  assert.equal(await lend(services, "h0"), first);
  await lend(services, "h64");
  assert.equal(services.size, 64);
  assert.equal(await lend(services, "h0"), first);
  assert.notEqual(await lend(services, "h1"), second);
});

Deno.test("PushServices.use() keeps what is in use, and lets it go afterwards", async () => {
  using services = open();
  const gate = Promise.withResolvers<void>();
  const jobs = Array.from(
    { length: 70 },
    (_, index) => services.use(endpointOf(`h${index}`), () => gate.promise),
  );
  assert.equal(services.size, 70);
  gate.resolve();
  await Promise.all(jobs);
  assert.equal(services.size, 64);
});

Deno.test("PushServices.use() counts a job that fails as one that has ended", async () => {
  using services = open();
  const job = () => Promise.reject(new Error("Job failed"));
  await assert.rejects(services.use(endpointOf("a"), job), /Job failed/);
  for (let index = 0; index < 64; index++) await lend(services, `h${index}`);
  assert.equal(services.size, 64);
});

Deno.test("PushServices.use() lets nobody connect to a host with an address that is not public", async () => {
  for (const addresses of [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["169.254.169.254"]]) {
    using services = open(() => Promise.resolve(addresses));
    const sent = services.use(
      endpointOf("a"),
      ({ agent }) => post(endpointOf("a"), REQUEST, { agent, signal: NEVER }),
    );
    await assert.rejects(sent, EndpointError);
  }
});

Deno.test("PushServices.use() lets anybody connect to a host that is allowed", async () => {
  using services = open(() => Promise.resolve(["127.0.0.1"]));
  const endpoint = { ...endpointOf("a"), isAllowed: true };
  const sent = services.use(
    endpoint,
    ({ agent }) => post(endpoint, REQUEST, { agent, signal: NEVER }),
  );
  await assert.rejects(sent, { code: "ECONNREFUSED" });
});

function open(resolve: ResolveHost = () => Promise.resolve([])): PushServices {
  const clock = new FakeClock();
  const createToken = (origin: string) =>
    new VapidToken(() => Promise.resolve(`signed for ${origin}`), clock);
  return new PushServices({ resolve, inFlightMax: 10, createToken });
}

function lend(services: PushServices, name: string): Promise<PushService> {
  return services.use(endpointOf(name), (service) => Promise.resolve(service));
}

function endpointOf(name: string): Endpoint {
  const host = `${name}.example`;
  return { origin: `https://${host}`, host, port: PORT, path: "/", isAllowed: false };
}
