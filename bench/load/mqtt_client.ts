/**
 * A chat client of an MQTT broker: every user has a topic, everything goes with QoS 1.
 *
 * @module
 */
import type { ChatClient, ChatHandler, Connect } from "./chat_client.ts";
import {
  connectPacket,
  joined,
  PACKET,
  type Packet,
  pubackPacket,
  publishPacket,
  readPublish,
  splitPackets,
  subscribePacket,
  text,
} from "./mqtt_packet.ts";

const PACKET_ID_MAX = 0xffff;
const READ_BYTES = 64 * 1024;

/** Clients of one broker. @param address `host:port` */
export function connectMqtt(address: string): Connect {
  const [hostname = "", port] = address.split(":");
  return async (user, handler) => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    connection.setNoDelay(true);
    const client = new MqttClient(connection, user, handler);
    await client.subscribed;
    return client;
  };
}

class MqttClient implements ChatClient {
  readonly #connection: Deno.TcpConn;
  readonly #user: string;
  readonly #handler: ChatHandler;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #subscribed = Promise.withResolvers<void>();
  readonly #topics = new Map<string, Uint8Array>();
  #outgoing: Uint8Array[] = [];
  #isWriting = false;
  #isClosing = false;
  #packetId = 0;

  constructor(connection: Deno.TcpConn, user: string, handler: ChatHandler) {
    this.#connection = connection;
    this.#user = user;
    this.#handler = handler;
    this.#write(connectPacket(user));
    this.#read().catch((error) => this.#fail(error));
  }

  /** Resolves when messages can come. */
  get subscribed(): Promise<void> {
    return this.#subscribed.promise;
  }

  send(to: string, message: string): void {
    this.#packetId = this.#packetId % PACKET_ID_MAX + 1;
    const payload = this.#encoder.encode(message);
    this.#write(publishPacket(this.#packetId, this.#topicOf(to), payload));
  }

  close(): void {
    this.#isClosing = true;
    this.#connection.close();
  }

  #topicOf(user: string): Uint8Array {
    let topic = this.#topics.get(user);
    if (topic === undefined) this.#topics.set(user, topic = text(`inbox/${user}`));
    return topic;
  }

  /** What is written in one turn of the event loop goes in one system call. */
  #write(packet: Uint8Array): void {
    this.#outgoing.push(packet);
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => this.#flush().catch((error) => this.#fail(error)));
  }

  async #flush(): Promise<void> {
    while (this.#outgoing.length > 0) {
      let bytes = joined(this.#outgoing.splice(0));
      while (bytes.length > 0) bytes = bytes.subarray(await this.#connection.write(bytes));
    }
    this.#isWriting = false;
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(READ_BYTES);
    let rest = new Uint8Array();
    for (;;) {
      const length = await this.#connection.read(chunk);
      if (length === null) throw new Error("Connection closed by the broker");
      const buffer = joined([rest, chunk.subarray(0, length)]);
      const { packets, end } = splitPackets(buffer);
      for (const packet of packets) this.#take(packet);
      rest = buffer.subarray(end);
    }
  }

  #take({ type, body }: Packet): void {
    if (type === PACKET.publish) {
      const { id, payload } = readPublish(body);
      this.#write(pubackPacket(id));
      this.#handler.received(this.#decoder.decode(payload));
    } else if (type === PACKET.puback) this.#handler.acknowledged();
    else if (type === PACKET.connack) {
      // The second byte is 0 where the broker lets us in (§3.2.2.3).
      if (body[1] !== 0) throw new Error(`Broker refused the connection: code ${body[1]}`);
      this.#write(subscribePacket(1, `inbox/${this.#user}`));
    } else if (type === PACKET.suback) this.#subscribed.resolve();
  }

  #fail(error: unknown): void {
    if (this.#isClosing) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    this.#subscribed.reject(cause);
    this.#handler.failed(cause);
  }
}
