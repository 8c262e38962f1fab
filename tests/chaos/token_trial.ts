/**
 * What a server whose clock has jumped says of tokens: those that are valid by its clock work, and
 * the others are refused in a way that a client can act on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { RPC_ERRORS } from "../../rpc/rpc_error.ts";
import { createTokens, readOrMakeSecrets } from "../../server/auth/mod.ts";
import { systemRandom } from "../../server/clock.ts";
import { AnsweredError, TestClient } from "../harness/client.ts";
import { patiently } from "./patiently.ts";

/** How long the tokens are valid: less than the clock has jumped. */
const TTL_SECONDS = 1800;

/** The server, and how far its clock is from the true time; 0: it is right again. */
export interface TokenTrial {
  readonly url: string;
  readonly dataDir: string;
  readonly shiftMs: number;
}

/**
 * Signs in with a token of the true time, which counts as over or not begun yet, and then with a
 * new one by the server's time.
 *
 * @throws {AssertionError} the server took the first, refused it without its reason, or did not take
 * the second.
 */
export async function tryTokens({ url, dataDir, shiftMs }: TokenTrial): Promise<void> {
  const secrets = await readOrMakeSecrets(dataDir, systemRandom);
  const sign = async (now: () => number) => {
    const options = { secrets, maxAgeSeconds: TTL_SECONDS, now, random: systemRandom };
    const tokens = await createTokens(options);
    return await tokens.sign({ user: "clock-watcher", ttlSeconds: TTL_SECONDS });
  };
  const ofTrueTime = await sign(() => Date.now());
  if (shiftMs === 0) {
    await using _client = await patiently(() => TestClient.connect(url, { token: ofTrueTime }));
    return;
  }
  await assert.rejects(
    patiently(async () => await (await TestClient.connect(url, { token: ofTrueTime })).close()),
    (error) => isRefusal(error, shiftMs > 0 ? "expired" : "not_yet_valid"),
  );
  const token = await sign(() => Date.now() + shiftMs);
  await using _client = await patiently(() => TestClient.connect(url, { token }));
}

function isRefusal(error: unknown, reason: string): true {
  assert.ok(error instanceof AnsweredError, String(error));
  assert.equal(error.code, RPC_ERRORS.bad_credential.code);
  assert.equal(error.message, `Credential is not valid: ${reason}`);
  return true;
}
