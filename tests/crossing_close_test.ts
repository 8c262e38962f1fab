/**
 * A client is told why it is closed although a frame of its own crosses the close on its way. The
 * server is a process of its own here: in one event loop with its client nothing crosses.
 */
import assert from "node:assert/strict";
import { TestClient } from "./harness/client.ts";
import { LISTENERS } from "./harness/local_server.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";

/** Each may cross or not; without the server's care one in four lost its code. */
const ROUNDS = 60;

/** The sign-in of the newer connection takes about as long. */
const CROSSING_MS = 3;

/** How a device's older connection ends, which says something while a newer one comes. */
async function replacedCode(server: ServerProcess, token: string, ms: number): Promise<number> {
  const older = await TestClient.connect(server.url, { token });
  await using newer = await TestClient.connect(server.url);
  const signedIn = newer.signIn(token);
  await new Promise((resolve) => setTimeout(resolve, ms));
  if (older.isOpen) older.notify("ping");
  const { code } = await older.closed;
  await signedIn;
  return code;
}

for (const listener of LISTENERS) {
  Deno.test(`a close keeps its code where a frame crosses it (${listener})`, async () => {
    await using server = await startServer({ env: { TITAN_LISTENER: listener } });
    const token = await server.token("bob");
    const codes: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      codes.push(await replacedCode(server, token, round % (CROSSING_MS + 1)));
    }
    assert.deepEqual([...new Set(codes)], [4409]);
  });
}
