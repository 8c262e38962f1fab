/**
 * Starting the server, or the server under test where something is to be wrong with it.
 *
 * @module
 */
import { type ServerOptions, type ServerProcess, startServer } from "../harness/server_process.ts";
import { type Fault, SERVER_UNDER_TEST } from "./fault.ts";

/** Starts `main.ts`, or with a fault the server under test. @see startServer */
export function startFaulty(
  fault: Fault | undefined,
  options: ServerOptions,
): Promise<ServerProcess> {
  if (fault === undefined) return startServer(options);
  return startServer({
    ...options,
    main: SERVER_UNDER_TEST,
    args: [JSON.stringify(fault)],
    // A process has to be allowed to kill itself.
    denoArgs: ["--allow-run", ...options.denoArgs ?? []],
  });
}
