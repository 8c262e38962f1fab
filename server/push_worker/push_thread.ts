/**
 * The thread of the pushes as a `Worker`.
 *
 * @module
 */
import type { FromWorker } from "./messages.ts";
import type { Thread } from "./push_worker.ts";

/** Starts the thread, with the permissions of the server. */
export function spawnPushThread(): Thread {
  const worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
  return {
    listen({ message, fault }) {
      worker.onmessage = ({ data }: { readonly data: FromWorker }) => message(data);
      worker.onerror = (event) => {
        // Without it the fault would end the server, too.
        event.preventDefault();
        fault();
      };
    },
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}
