import type { Msg, Subscription } from "@nats-io/transport-node";
import { every, monotonicMs } from "../../core/scheduler.ts";
import type { JournalStream } from "./stream.ts";

/**
 * Silence after which the server counts as not sending any more, in milliseconds. The server sends
 * something each second.
 */
const SILENCE_MS = 4000;
const LOOK_MS = 500;

/** Callbacks of a feed. */
export interface FeedListener {
  /** @param pending - Number of messages of the stream after this message. */
  readonly heard: (seq: number, bytes: Uint8Array, pending: number) => void;
  /** The feed has ended, and something may have been missed. */
  readonly ended: (why: string) => void;
}

/**
 * Messages of the stream from a sequence on, each once and in order, as the server sends them. The
 * feed ends if a message is missing.
 */
export class Feed {
  readonly #stream: JournalStream;
  readonly #listener: FeedListener;
  readonly #subscription: Subscription;
  readonly #stopLooking: () => void;
  #consumer: string | undefined;
  #delivered = 0;
  #heardAtMs = monotonicMs();
  #isOver = false;

  private constructor(stream: JournalStream, inbox: string, listener: FeedListener) {
    this.#stream = stream;
    this.#listener = listener;
    this.#subscription = stream.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
        else this.#end(error.message);
      },
    });
    this.#stopLooking = every(LOOK_MS, () => {
      if (monotonicMs() - this.#heardAtMs > SILENCE_MS) this.#end("the server is silent");
    });
  }

  /** @returns The feed, and whether it brings any existing messages. */
  static async open(stream: JournalStream, inbox: string, from: number, listener: FeedListener): Promise<[feed: Feed, hasMore: boolean]> {
    const feed = new Feed(stream, inbox, listener);
    try {
      const { name, num_pending, delivered } = await stream.follow(from, inbox);
      feed.#consumer = name;
      // Some messages may be on their way already. The two numbers are not of the same moment, so
      // their sum means nothing.
      return [feed, num_pending > 0 || delivered.consumer_seq > 0];
    } catch (error) {
      feed.stop();
      throw error;
    }
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param isConnected - Whether the server can be told. */
  stop(isConnected = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopLooking();
    this.#subscription.unsubscribe();
    if (isConnected && this.#consumer !== undefined) void this.#stream.unfollow(this.#consumer);
  }

  #end(why: string): void {
    if (this.#isOver) return;
    this.stop();
    this.#listener.ended(why);
  }

  #hear(message: Msg): void {
    if (this.#isOver) return;
    this.#heardAtMs = monotonicMs();
    if (message.data.length === 0 && message.headers?.code === 100) {
      this.#hearStatus(message);
      return;
    }
    const place = placeOf(message.reply ?? "");
    if (place === undefined) return;
    if (place.delivered !== this.#delivered + 1) {
      this.#end("a message was missed");
      return;
    }
    this.#delivered = place.delivered;
    this.#listener.heard(place.seq, message.data, place.pending);
  }

  #hearStatus({ headers, reply }: Msg): void {
    // The server waits until its sent messages are taken in.
    const stalled = headers?.get("Nats-Consumer-Stalled") ?? "";
    if (reply !== undefined && reply !== "") this.#stream.connection.publish(reply);
    else if (stalled !== "") this.#stream.connection.publish(stalled);
    const delivered = headers?.get("Nats-Last-Consumer") ?? "";
    if (delivered !== "" && Number(delivered) > this.#delivered) this.#end("a message was missed");
  }
}

interface Delivery {
  readonly seq: number;
  readonly delivered: number;
  readonly pending: number;
}

/**
 * Parses the position of a message: `$JS.ACK.STREAM.CONSUMER.COUNT.SEQ.DELIVERED.TIME.PENDING`, or
 * with a domain and an account before the stream.
 */
function placeOf(reply: string): Delivery | undefined {
  const parts = reply.split(".");
  if (parts[0] !== "$JS" || parts[1] !== "ACK" || parts.length < 9) return undefined;
  const from = parts.length === 9 ? 5 : 7;
  return { seq: Number(parts[from]), delivered: Number(parts[from + 1]), pending: Number(parts[from + 3]) };
}
