import assert from "node:assert/strict";
import { DataDirTakenError } from "../data_dir.ts";
import { OperatorError } from "../operator_client.ts";
import { askServer } from "./ask_server.ts";

const TAKEN = new DataDirTakenError("/tmp/x", 812);

Deno.test("askServer() passes on what the server refused, and nothing else", async () => {
  const refused = new OperatorError("Server refused: Disk is full");
  await assert.rejects(askServer("/tmp/x", TAKEN, () => Promise.reject(refused)), refused);
});

Deno.test("askServer() says whom it could not ask, and what to do", async () => {
  const path = await Deno.makeTempDir({ prefix: "titan-" });
  try {
    await assert.rejects(askServer(path, TAKEN, (server) => server.list("", 1)), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.match(
        error.message,
        /^Cannot use the data directory "\/tmp\/x": process 812 uses it\. Cannot ask the server /,
      );
      assert.match(error.message, /\. If it is starting, stopping or another command, try again$/);
      return true;
    });
  } finally {
    await Deno.remove(path);
  }
});
