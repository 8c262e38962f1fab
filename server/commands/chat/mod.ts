/**
 * A client in a terminal.
 *
 * @module
 */
export { chat, type ChatOptions } from "./chat_command.ts";
