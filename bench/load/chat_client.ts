/**
 * What the chat load needs of a client, whatever it speaks.
 *
 * @module
 */

/** Hears what comes to a client. Called for every message, so it must be short. */
export interface ChatHandler {
  /** The server has taken responsibility for one message of this client. */
  acknowledged(): void;
  /** A message came. */
  received(text: string): void;
  /** The client is of no more use. */
  failed(error: Error): void;
}

/** A connected client that acknowledges whatever it receives. */
export interface ChatClient {
  /** Sends a message. */
  send(to: string, text: string): void;
  /** Ends the connection; nothing is heard of it from now on. */
  close(): void;
}

/** Connects as a user, ready to send and to receive. */
export type Connect = (user: string, handler: ChatHandler) => Promise<ChatClient>;
