/**
 * What the body of a `POST /rpc` says.
 *
 * @module
 */
import { FRAME_BYTES_MAX } from "../limits.ts";
import { RpcError } from "../rpc/mod.ts";

/** Reads a body of at most one frame. @throws {RpcError} `too_large`, `parse_error` */
export async function readText(request: Request): Promise<string> {
  const detail = `the body must be at most ${FRAME_BYTES_MAX} bytes long`;
  const tooLarge = () => new RpcError("too_large", { detail, limit: FRAME_BYTES_MAX });
  if (Number(request.headers.get("content-length") ?? 0) > FRAME_BYTES_MAX) throw tooLarge();
  // What is not UTF-8 is refused, as it is in a WebSocket's frame, and not changed into something.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new RpcError("parse_error");
    }
  };
  let bytes = 0;
  let text = "";
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > FRAME_BYTES_MAX) throw tooLarge();
    text += decode(chunk);
  }
  return text + decode();
}

/** A body. Whoever leaves in the midst of it is at fault, or their network. @throws {RpcError} */
async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  try {
    yield* body ?? [];
  } catch {
    throw new RpcError("parse_error");
  }
}
