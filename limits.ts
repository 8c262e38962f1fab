/**
 * Every limit of Titan, once: a name with its unit last, the value, and why it is that value. What
 * a deployment may change is a default here and has its variable in `server/config.ts`. Each is
 * tested at the limit and one past it; `limits_test.ts` checks them against each other.
 *
 * This file imports nothing, so that every layer may import it.
 *
 * @module
 */

/** The text of one message, in UTF-8 bytes: with its envelope it stays under one 64 KiB value. */
export const MESSAGE_TEXT_BYTES_MAX = 48 * 1024;

/** One frame or one HTTP body, in UTF-8 bytes: a full text, escaped, and room for a batch. */
export const FRAME_BYTES_MAX = 256 * 1024;

/** Requests in one JSON-RPC batch: bounds the work that one frame can ask for. */
export const BATCH_REQUESTS_MAX = 100;

/** Messages in one `msg.send`, for the same reason. */
export const SEND_MESSAGES_MAX = 100;

/** Nesting of a request's JSON: deeper than any method needs, far from the parser's stack. */
export const JSON_DEPTH_MAX = 32;

/** A user id, in UTF-8 bytes: an e-mail address or an issuer's `sub` fits. */
export const USER_ID_BYTES_MAX = 128;

/** A device id, in UTF-8 bytes: a UUID or a fingerprint in hex fits. */
export const DEVICE_ID_BYTES_MAX = 64;

/** A client's message id (`cid`), in UTF-8 bytes: it is kept for weeks, so it is short. */
export const CID_BYTES_MAX = 64;

/** The id of a JSON-RPC request, in characters: it is held until the answer goes. */
export const REQUEST_ID_CHARS_MAX = 128;

/** A token, in characters: well above a large JWT; checked before anything is verified. */
export const TOKEN_CHARS_MAX = 8 * 1024;

/**
 * Secrets, or public keys that would do, with which the signature of one token is tried: bounds what
 * a forged one costs. A change of secrets needs two.
 */
export const SIGNATURE_KEYS_MAX = 10;

/** Public keys in `TITAN_JWT_KEYS`: those of several back ends, old and new. */
export const JWT_KEYS_MAX = 100;

/** OpenID Connect issuers of a deployment: each has keys that are kept and fetched again. */
export const ISSUERS_MAX = 20;

/** Audiences of one issuer: one for each kind of application. */
export const ISSUER_AUDIENCES_MAX = 20;

/** Time to live of a message, in seconds: 30 days, as long as anybody keeps a phone switched off. */
export const TTL_SECONDS_MAX = 30 * 24 * 3600;

/** How long a `cid` is remembered at least, in milliseconds (I5). */
export const CID_MS_MIN = 24 * 3600 * 1000;

/** Devices of one user: each holds a cursor in every entry's way. */
export const DEVICES_MAX = 10;

/** Messages in flight to one connection: what a client may ask for. */
export const WINDOW_MESSAGES_MAX = 256;

/** Messages in flight to a client that names no window. */
export const WINDOW_MESSAGES_DEFAULT = 64;

/** Bytes in flight to one connection; a single larger message still goes, alone. */
export const WINDOW_BYTES_MAX = 512 * 1024;

/** Bytes queued to one connection that the peer does not take; past it the connection closes. */
export const OUTGOING_BYTES_MAX = 1024 * 1024;

/** Bytes of one connection's requests that are being worked on; past it the connection closes. */
export const REQUESTS_BYTES_MAX = 2 * 1024 * 1024;

/** Requests of one connection that are being worked on, for the same reason. */
export const REQUESTS_MAX = 4096;

/** Bytes of accepted messages that wait for their commit; past it senders are told to retry. */
export const COMMIT_BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Bytes of the journal that are not settled yet, and so may be in memory: past it senders are told
 * to retry. The journal is settled early from a quarter of it on.
 */
export const UNSETTLED_BYTES_MAX: number = 256 * 1024 * 1024;

/** Messages that may wait for one user: ample for weeks away, small enough to read back. */
export const MAILBOX_MESSAGES_DEFAULT = 10_000;

/** Bytes that may wait for one user. */
export const MAILBOX_BYTES_DEFAULT = 64 * 1024 * 1024;

/** Connections from one address: an office behind one NAT fits. Loopback is exempt. */
export const ADDRESS_CONNECTIONS_DEFAULT = 256;

/** Connections in all. At about 20 KiB each this is 2 GiB. */
export const CONNECTIONS_MAX = 100_000;

/** Connections in all that have not signed in: each can make Deno buffer a 64 MiB frame. */
export const UNAUTHENTICATED_MAX = 1024;

/** Connections of one address that have not signed in. Loopback is exempt. */
export const ADDRESS_UNAUTHENTICATED_MAX = 32;

/** How long a connection may stay without signing in, in milliseconds. */
export const SIGN_IN_MS_MAX = 10_000;

/** Characters of the nonce that a device says it was pushed; ours are shorter. */
export const PUSH_NONCE_CHARS_MAX = 64;

/**
 * How late an acknowledgement may be before a push is to wake the device, in milliseconds: an
 * application that the system put to sleep keeps its connection for a while.
 */
export const SILENCE_MS_MAX = 5_000;

/** How late an acknowledgement may be before the client is asked whether it lives. */
export const ACK_MS_MAX = 30_000;

/** How long a client may take to answer that question. */
export const PONG_MS_MAX = 8_000;

/** Seconds of silence after which either side probes the other. */
export const HEARTBEAT_SECONDS = 25;

/** Deliveries of one message that its client refuses, before it is set aside. */
export const REFUSALS_MAX = 5;

/** The wait before a refused message is sent again, in milliseconds; it doubles each time. */
export const REFUSAL_BACKOFF_MS = 1000;

/** Sent but not contiguously acknowledged entries of one connection: what a cursor may lag. */
export const OUTSTANDING_MAX = 4096;

/** Messages a second that one user may send, and how many at once. */
export const SEND_RATE_DEFAULT = 50;
export const SEND_BURST_DEFAULT = 200;

/** Failed sign-ins of one account before it has to wait, and how long it waits. */
export const ACCOUNT_FAILURES_MAX = 5;
export const ACCOUNT_FAILURES_MS = 60_000;

/** Failed sign-ins from one address before it has to wait, and how long it waits. */
export const ADDRESS_FAILURES_MAX = 10;
export const ADDRESS_FAILURES_MS = 600_000;

/** Entries of any table kept per user or address; the oldest go first. */
export const TABLE_ENTRIES_MAX = 100_000;

/** The reason of a WebSocket close, in UTF-8 bytes (RFC 6455 §5.5). */
export const CLOSE_REASON_BYTES_MAX = 123;

/** Messages in one page of `user.export`, and their bytes: a page is one frame that a client takes. */
export const EXPORT_PAGE_MESSAGES_MAX = 500;
export const EXPORT_PAGE_BYTES_MAX: number = 128 * 1024;

/** What a device runs, in characters: a word such as "ios". */
export const PLATFORM_CHARS_MAX = 32;

/** What a user calls a device, in characters: fits into one line of a list. */
export const DEVICE_NAME_CHARS_MAX = 64;

/** What a user is called, in characters: longer than any name that an issuer is known to give. */
export const USER_NAME_CHARS_MAX = 256;

/** The URL of a picture or of a push subscription, in characters: what browsers and proxies take. */
export const URL_CHARS_MAX = 2048;

/** A file of settings, or one with a secret, in bytes: many times what all settings need. */
export const CONFIG_FILE_BYTES_MAX = 1024 ** 2;

/** A device's token at a push service, in characters: FCM's and APNs' are a few hundred long. */
export const PUSH_TOKEN_CHARS_MAX = 4096;

/** What APNs calls an application, in characters: a bundle id, which DNS once bounded. */
export const PUSH_TOPIC_CHARS_MAX = 255;

/** What a deployment calls an issuer, in characters: it begins the ids of the issuer's users. */
export const ISSUER_NAME_CHARS_MAX = 32;

/**
 * Devices of one push provider that wait in memory for their push, at about half a KiB each; the
 * sweep finds the others again. As many as that are sent between two sweeps at the default pace.
 */
export const PUSHES_WAITING_MAX = 100_000;

/** Pushes a second to one provider: bounds how what an outage left is caught up with. */
export const PUSHES_PER_SECOND_DEFAULT = 2000;

/** Pushes on the way to APNs, FCM and all Web Push services: as many as their providers take. */
export const PUSHES_IN_FLIGHT_MAX_APNS = 256;
export const PUSHES_IN_FLIGHT_MAX_FCM = 128;
export const PUSHES_IN_FLIGHT_MAX_WEB = 300;

/** Pushes on the way to one Web Push service: one that hangs leaves room for the others. */
export const PUSHES_IN_FLIGHT_MAX_WEB_SERVICE = 100;

/**
 * Pushes on the way to all the Web Push services together that have not answered yet, or failed
 * last: an endpoint is what a client says it is, and many that hang leave room for those that work.
 */
export const PUSHES_IN_FLIGHT_MAX_WEB_UNPROVEN = 40;

/** An urgent push to a device comes at the earliest so long after the last, in milliseconds. */
export const PUSH_URGENT_MS = 1000;

/** How often a device is pushed for ordinary messages, in milliseconds: nobody hurries for them. */
export const PUSH_ORDINARY_MS: number = 20 * 60 * 1000;

/** The longest wait of a push that failed, in milliseconds: an outage of hours ends within it. */
export const PUSH_RETRY_MS_MAX = 300_000;

/** Pushes of which it is known that the device has not said yet that it saw them. */
export const PUSH_NONCES_MAX = 100_000;

/** How long it is known what became of a message, in milliseconds: a day, to ask the day after. */
export const TRACE_MS_MAX: number = 24 * 3600 * 1000;

/** Messages a second that are traced: all of them up to here, and of more a sample. */
export const TRACES_PER_SECOND_MAX = 100;

/** Traces that are kept, the newest: eight minutes under load, a day at one message in two seconds. */
export const TRACES_MAX = 50_000;

/** Of the traces that are older, one in so many is kept on. */
export const TRACES_SAMPLE = 256;

/** How many of those: as many as come together in a day under load. */
export const TRACES_SAMPLED_MAX = 35_000;

/** Bytes of the newest traces, and the same of those that are kept on: some 660 each. */
export const TRACES_BYTES_MAX: number = 32 * 1024 * 1024;

/** Steps of one trace that are kept, the first half of them and the newest: enough for ten devices. */
export const TRACE_STEPS_MAX = 100;

/** The id of a message, in characters: that of a ULID. */
export const MESSAGE_ID_CHARS = 26;
