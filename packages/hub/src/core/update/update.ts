import { HubError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { hasMoreLineBreaks, LINE_BYTES } from "./data-lines.ts";

/** An update as a publisher sends it. */
export interface UpdateInput {
  /**
   * The topic that changed, or several. The first is canonical, the others alternate. At most 100
   * of 2,048 bytes.
   */
  readonly topic: string | readonly string[];
  /**
   * The new content. Text is sent as it is, except that CR and CRLF reach the subscriber as LF. Any
   * other JSON value is sent as its JSON, null too. Default: empty. Bytes, promises and values
   * without JSON: `invalid_data`.
   */
  readonly data?: unknown;
  /**
   * The event id, at most 255 bytes. Should be unique within the hub, and ASCII, because some
   * clients can't resume from other ids. Default: the hub makes an id.
   */
  readonly id?: string | undefined;
  /**
   * The event type, at most 255 bytes. `EventSource` dispatches the event under this name. Default:
   * `message`. Avoid `error` and `open`, which are `EventSource`'s own.
   */
  readonly type?: string | undefined;
  /**
   * How long the subscriber should wait before it reconnects, in milliseconds. The hub brings the
   * time within its `publishedRetryMs`, 500 to 300,000 by default.
   */
  readonly retry?: number | undefined;
  /**
   * Whether only subscribers with a grant on one of its topics may receive the update. Default:
   * false.
   */
  readonly private?: boolean | undefined;
  /**
   * Delay of the delivery, in milliseconds, up to a year. A scheduled update survives a restart.
   * Not together with `deliverAt`.
   */
  readonly delayMs?: number | undefined;
  /** Time of the delivery, up to a year ahead. A time that has passed delivers at once. */
  readonly deliverAt?: Date | undefined;
  /**
   * Time to live after publishing or after the due time, in milliseconds. An expired update is
   * neither delivered nor replayed. Default: no end.
   */
  readonly ttlMs?: number | undefined;
}

/** An update as a publisher sends it, with its content as text. */
export interface TextUpdate extends UpdateInput {
  readonly data?: string | undefined;
}

/**
 * The type of the hub's notes to itself: records that inform all its processes, and reach no
 * subscriber.
 */
export const NOTE_TYPE = "hub:note";

/**
 * Types that `EventSource` uses for events of its own. A page's `onerror` would take such an update
 * for a failure.
 */
export const EVENT_SOURCE_TYPES: readonly string[] = ["error", "open"];

/** An update that was validated. */
export interface Update {
  /** At least one. The first is the canonical topic. */
  readonly topics: readonly string[];
  readonly data: string;
  /** The publisher's own event id, or undefined if the hub makes the id from the position. */
  readonly id: string | undefined;
  readonly type: string | undefined;
  /** Reconnection time, in milliseconds. */
  readonly retry: number | undefined;
  readonly private: boolean;
  /** Time to live after the append, in milliseconds, or undefined for no end. */
  readonly ttlMs?: number | undefined;
}

/**
 * C0, DEL and C1 controls, format characters (invisible, so they let one name pass for another) and
 * lone surrogates (not encodable as UTF-8). CR, LF or NUL would forge fields in the event stream.
 *
 * @see docs/reference/protocol.md, "Names", and Mercure, "Terminology" and "Server-Sent Events Field
 *   Injection".
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;

/** Tells whether a topic, id, type or pattern has a forbidden character. */
export function hasForbiddenCharacter(text: string): boolean {
  return FORBIDDEN.test(text);
}

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes, two more than its length. So each half adds
    // one.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/**
 * Makes one of the hub's notes to itself.
 *
 * @param key - Key of the entry of the shared table that was written.
 */
export function noteOf(topic: string, key: string): Update {
  return { topics: [topic], data: key, id: undefined, type: NOTE_TYPE, retry: undefined, private: true };
}

function checkLength(what: string, text: string, maxBytes: number): void {
  // A unit takes three bytes at the most, so short text needs no count.
  if (text.length * 3 > maxBytes && utf8Length(text) > maxBytes) {
    throw new HubError("too_large", `${what} is longer than ${maxBytes} bytes.`);
  }
}

/**
 * Checks an update against the protocol and the limits.
 *
 * @param isReserved - Tells whether a topic lies below the hub's own path.
 * @throws HubError with the code of the fault.
 */
export function validateUpdate(input: TextUpdate, limits: Limits, isReserved: (topic: string) => boolean): Update {
  const topics = typeof input.topic === "string" ? [input.topic] : [...input.topic];
  if (topics.length === 0) {
    throw new HubError("missing_topic", "The update has no topic. Add a `topic` that names what changed.");
  }
  if (topics.length > limits.topicsPerUpdate) {
    throw new HubError("too_large", `The update has ${topics.length} topics; at most ${limits.topicsPerUpdate} are allowed.`);
  }
  for (const topic of topics) checkTopic(topic, limits, isReserved);
  const data = input.data ?? "";
  if (!data.isWellFormed()) {
    throw new HubError(
      "invalid_data",
      "The data has a lone surrogate, which UTF-8 cannot carry. Encode binary data, for example as base64.",
    );
  }
  checkLines(data, limits);
  const update: Update = {
    topics,
    data,
    // A program without types writes null for an absent value, as in JSON.
    id: input.id ? checkId(input.id, limits) : undefined,
    type: input.type ? checkType(input.type, limits) : undefined,
    retry: (input.retry ?? undefined) === undefined ? undefined : checkRetry(input.retry as number),
    private: input.private ?? false,
  };
  return (input.ttlMs ?? undefined) === undefined ? update : { ...update, ttlMs: checkTime("ttl", input.ttlMs as number, 1) };
}

/**
 * Each line break becomes seven bytes of the event. A body of nothing else would reach every
 * subscriber as seven bodies.
 */
function checkLines(data: string, { bodyBytes }: Limits): void {
  const most = Math.floor(bodyBytes / LINE_BYTES);
  if (!hasMoreLineBreaks(data, most)) return;
  throw new HubError(
    "too_large",
    `The data has more than ${most} line breaks. Send it in parts, or write it in another way, such as JSON.`,
  );
}

export function tooManyUpdates(most: number): HubError {
  return new HubError("too_large", `The batch has more than ${most} updates. Split it.`);
}

/** A year: longest delay and longest life of an update, in milliseconds. */
export const MAX_DELAY_MS: number = 366 * 86_400_000;

/**
 * Computes when to deliver an update.
 *
 * @returns In milliseconds since 1970, or undefined for at once.
 * @throws HubError `invalid_time`.
 */
export function deliveryTime(update: UpdateInput, now: number): number | undefined {
  const [delayMs, deliverAt] = [update.delayMs ?? undefined, update.deliverAt ?? undefined];
  if (delayMs !== undefined && deliverAt !== undefined) {
    throw new HubError("invalid_time", "The update has both a delay and a time of delivery. Give one.");
  }
  if (delayMs !== undefined) return checkTime("delay", delayMs, 0) === 0 ? undefined : now + delayMs;
  if (deliverAt === undefined) return undefined;
  const at = deliverAt.getTime();
  if (!(at <= now + MAX_DELAY_MS)) throw new HubError("invalid_time", "The time of delivery is not a date, or is more than a year ahead.");
  return at <= now ? undefined : at;
}

function checkTime(what: string, timeMs: number, least: number): number {
  if (Number.isSafeInteger(timeMs) && timeMs >= least && timeMs <= MAX_DELAY_MS) return timeMs;
  throw new HubError(
    "invalid_time",
    `The ${what} is not a whole number of milliseconds from ${least} to ${MAX_DELAY_MS}, which is a year.`,
  );
}

function checkTopic(topic: string, limits: Limits, isReserved: (topic: string) => boolean): void {
  if (topic === "") throw new HubError("invalid_topic", "A topic is empty. Give each topic a name.");
  checkLength("A topic", topic, limits.topicBytes);
  if (hasForbiddenCharacter(topic)) {
    throw new HubError("invalid_topic", "A topic has a control or invisible format character. Remove it.");
  }
  if (topic === "*") {
    throw new HubError("reserved_topic", "The topic `*` is reserved: as a matcher it selects every topic. Choose another name.");
  }
  if (isReserved(topic)) {
    throw new HubError("reserved_topic", "A topic resolves to the hub's own path, which only the hub may publish to. Choose another name.");
  }
}

function checkId(id: string, limits: Limits): string {
  checkLength("The id", id, limits.idBytes);
  if (hasForbiddenCharacter(id)) {
    throw new HubError("invalid_id", "The id has a control or invisible format character. Remove it.");
  }
  if (id.startsWith("#") || id === "earliest") {
    throw new HubError("invalid_id", "The id `earliest` and ids that start with `#` are the hub's own. Choose another, or leave it out.");
  }
  if (id.trim() !== id) {
    // The id comes back in the Last-Event-ID header, whose value loses the white space around it.
    throw new HubError("invalid_id", "The id starts or ends with white space, which a header field cannot carry. Remove it.");
  }
  return id;
}

/**
 * Refuses an event id that some clients can't send back.
 *
 * @throws HubError `invalid_id`.
 */
export function checkAscii(id: string): void {
  if (isPrintableAscii(id)) return;
  throw new HubError(
    "invalid_id",
    "The id has characters outside of printable ASCII, which this hub is set to refuse. Encode it, or leave it out.",
  );
}

/**
 * Tells whether every client can resume from this event id. In a header, other characters are read
 * in several ways, or not at all.
 */
export function isPrintableAscii(id: string): boolean {
  return /^[\x20-\x7e]*$/.test(id);
}

function checkType(type: string, limits: Limits): string {
  checkLength("The type", type, limits.idBytes);
  if (hasForbiddenCharacter(type)) {
    throw new HubError("invalid_type", "The type has a control or invisible format character. Remove it.");
  }
  if (type === "mercure" || type.startsWith("hub:")) {
    throw new HubError("invalid_type", "The type `mercure` and types that start with `hub:` are the hub's own. Choose another.");
  }
  return type;
}

function checkRetry(retry: number): number {
  if (!Number.isSafeInteger(retry) || retry < 0) {
    throw new HubError("invalid_retry", "The retry is not a whole number of milliseconds, 0 or more.");
  }
  return retry;
}
