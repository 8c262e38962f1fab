/**
 * The frames the server sends on its own account, put together from text that was made once: a
 * message is written when it is accepted, and not again however often it is delivered.
 *
 * @module
 */
import { callFrame } from "./json_rpc.ts";

/** What a receiver is told of a message. */
export interface DeliveredMessage {
  /** The same in every delivery (I4). It needs no escaping. */
  readonly id: string;
  /** The sender, or a bot that answers them. */
  readonly from: string;
  /** The receiver. */
  readonly to: string;
  /** RFC 3339, in UTC. */
  readonly time: string;
  /** The text. */
  readonly message: string;
}

/** One message of a `msg.recv`. */
export interface Delivery {
  /** The stored entry; its body is what {@linkcode bodyOf} made. */
  readonly entry: { readonly body: string };
  /** Deliveries of it to this device before this one. */
  readonly redelivered: number;
}

/** What became of a message. */
export type ReceiptState = "delivered" | "expired";

/** What a sender who asked for receipts is told. */
export interface Receipt {
  /** The id of the message. It needs no escaping. */
  readonly id: string;
  /** Whom it was sent to. */
  readonly to: string;
  /** What became of it. */
  readonly state: ReceiptState;
  /** RFC 3339, in UTC. */
  readonly time: string;
}

/** The names of what the server calls; `server_methods.ts` describes them. */
export const MSG_RECV = "msg.recv";
export const MSG_RECEIPT = "msg.receipt";
export const QUEUE_EMPTY = "queue.empty";
export const PING = "ping";

/**
 * Writes a message as a receiver will read it: one line of JSON, which the store keeps as it is.
 *
 * @param message what to write
 */
export function bodyOf(message: DeliveredMessage): string {
  return `{"id":"${message.id}","from":${JSON.stringify(message.from)},"to":${
    JSON.stringify(message.to)
  },"time":"${message.time}","message":${JSON.stringify(message.message)}}`;
}

/**
 * Reads a message as its receiver does.
 *
 * @param body what {@linkcode bodyOf} made
 */
export function readBody(body: string): DeliveredMessage {
  return JSON.parse(body);
}

/**
 * Writes a `msg.recv`.
 *
 * @param id the id of the request, which needs no escaping
 * @param deliveries what to deliver, in order
 */
export function recvFrame(id: string, deliveries: readonly Delivery[]): string {
  let params = "";
  for (const { entry: { body }, redelivered } of deliveries) {
    if (params !== "") params += ",";
    params += redelivered === 0 ? body : `${body.slice(0, -1)},"redelivered":${redelivered}}`;
  }
  return callFrame(MSG_RECV, `[${params}]`, id);
}

/**
 * Writes a receipt as its sender will read it, to be kept until then.
 *
 * @param receipt what to write
 */
export function receiptBody(receipt: Receipt): string {
  return `{"id":"${receipt.id}","to":${
    JSON.stringify(receipt.to)
  },"state":"${receipt.state}","time":"${receipt.time}"}`;
}

/**
 * Reads a receipt as its sender does.
 *
 * @param body what {@linkcode receiptBody} made
 */
export function readReceipt(body: string): Receipt {
  return JSON.parse(body);
}

/**
 * Writes a `msg.receipt`.
 *
 * @param body what {@linkcode receiptBody} made
 */
export function receiptFrame(body: string): string {
  return callFrame(MSG_RECEIPT, body);
}

/** Writes a `queue.empty`: everything that waited at sign-in is acknowledged. */
export function queueEmptyFrame(): string {
  return callFrame(QUEUE_EMPTY);
}

/**
 * Writes a `ping`, which asks a client for a sign of life.
 *
 * @param id the id of the request, which needs no escaping
 */
export function pingFrame(id: string): string {
  return callFrame(PING, undefined, id);
}

/**
 * Reads a client's answer to a `msg.recv`.
 *
 * @param result the result it answered
 * @returns the ids it acknowledges, `"all"` of that `msg.recv`, or undefined where it names ids
 * in a form that is none, and so acknowledges nothing
 */
export function acknowledgedBy(result: unknown): "all" | readonly string[] | undefined {
  if (typeof result !== "object" || result === null || !("ack" in result)) return "all";
  const { ack } = result;
  return Array.isArray(ack) && ack.every((id) => typeof id === "string") ? ack : undefined;
}
