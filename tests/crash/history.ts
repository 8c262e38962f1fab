/**
 * What the clients of a run wrote down: all that the checker works from. Moments are milliseconds
 * of the test process's own monotonic clock.
 *
 * @module
 */

import { RPC_ERRORS } from "../../rpc/rpc_error.ts";
import type { PersonRecord, Stay, TokenRecord } from "./people/account_history.ts";

/** Everything that the clients of one run saw and did. */
export interface History {
  readonly devices: DeviceRecord[];
  /** Those who sign in with an issuer, and come and go as users. */
  readonly people: readonly PersonRecord[];
  /** The server's lives, from the first on. */
  readonly lives: Life[];
  /** Error codes that may refuse a message in this run, such as those of a full disk. */
  readonly refusals: ReadonlySet<number>;
}

/** One process of the server. */
export interface Life {
  readonly started: number;
  /** When it was ready; when it started, where it never was. */
  readonly ready: number;
  /** Just before it was killed, as far as the test can tell; Infinity while it lives. */
  killed: number;
  /** How it ended, in words. */
  end: string;
}

/** One device of a user. */
export interface DeviceRecord {
  readonly user: string;
  readonly device: string;
  /** The life of the user that it belongs to, where users come and go. */
  readonly stay?: Stay;
  /** When it had the answer to its first sign-in; undefined where it never had. */
  joined: number | undefined;
  /** What it sent, in order. */
  readonly sent: SentRecord[];
  readonly connections: ConnectionRecord[];
}

/** A message that a device wants sent. */
export interface SentRecord {
  readonly to: string;
  /** Counts what this device sent to `to`, from 1. */
  readonly seq: number;
  /** Unlike any other text of the run. */
  readonly text: string;
  readonly cid: string | undefined;
  /** Whether its sender wants to hear when it is delivered. */
  readonly receipt: boolean;
  readonly attempts: Attempt[];
}

/** One time that a message was handed to a connection. */
export interface Attempt {
  /** Which connection of the device, from 0. */
  readonly connection: number;
  readonly at: number;
  /** Undefined where the connection ended before one came. */
  answer: Answer | undefined;
}

/** What the server said of an attempt. */
export type Answer =
  | {
    readonly kind: "accepted";
    readonly at: number;
    /** Undefined where the call was by position, which answers no ids. */
    readonly id: string | undefined;
    readonly time: string | undefined;
    readonly duplicate: boolean;
  }
  | { readonly kind: "refused"; readonly at: number; readonly code: number };

/** One connection of a device, from its sign-in on. */
export interface ConnectionRecord {
  /** Which of a person's tokens it came in with. */
  readonly token?: TokenRecord;
  readonly since: number;
  /** When it was over or the server was killed, whichever was earlier. */
  ended: number;
  /** Messages that the server said were waiting. */
  readonly pending: number;
  /** Whether it came after everything was drained: then nothing may be left. */
  readonly isLast: boolean;
  readonly deliveries: DeliveryRecord[];
  /** Messages of which it was told that they are delivered. */
  readonly receipts: { readonly id: string; readonly at: number }[];
}

/** One message of one `msg.recv`. */
export interface DeliveryRecord {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly time: string;
  readonly text: string;
  readonly redelivered: number;
  readonly at: number;
  /** What the device answered and when; undefined where it said nothing. */
  answer: { readonly kind: "acknowledged" | "refused"; readonly at: number } | undefined;
}

/** A sent message with what the checker has to know of it. */
export interface Message {
  readonly sender: DeviceRecord;
  readonly sent: SentRecord;
}

/** The bot that answers every message with itself. */
export const ECHO = "echo";

/** Whom a message is delivered to, and from whom it says it is. */
export function addressOf({ sender, sent }: Message): { from: string; to: string } {
  return sent.to === ECHO ? { from: ECHO, to: sender.user } : { from: sender.user, to: sent.to };
}

/** Whether a device may get a message: its receiver's, or another device of its sender's. */
export function isFor(message: Message, { user, device, stay }: DeviceRecord): boolean {
  const { sender } = message;
  const { to } = addressOf(message);
  if (to === user) return true;
  return sender.user === user && sender.stay === stay && sender.device !== device;
}

/** Whether an answer says that nobody has the receiver's name. */
export function isNobody(answer: Answer | undefined): boolean {
  return answer?.kind === "refused" && answer.code === RPC_ERRORS.unknown_receiver.code;
}

/** Whether an answer says that the `cid` stands for another message. */
export function isConflict(answer: Answer | undefined): boolean {
  return answer?.kind === "refused" && answer.code === RPC_ERRORS.cid_conflict.code;
}

/** The first answer to any attempt that accepted a message, or undefined where none did. */
export function acceptanceOf(sent: SentRecord): (Answer & { kind: "accepted" }) | undefined {
  for (const { answer } of sent.attempts) if (answer?.kind === "accepted") return answer;
  return undefined;
}
