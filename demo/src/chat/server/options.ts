import type { Hub } from "artesian";
import type { Bot } from "./bots/bot.ts";
import type { ChatKey } from "./room-tokens.ts";
import type { BucketRate } from "./token-buckets.ts";

/** The chat's log. The hub's logger fits, and so does pino. */
export interface ChatLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/**
 * The chat's bounds. Each stops a visitor from filling memory, the journal or the others' screens.
 */
export interface ChatLimits {
  /** Largest body of a request, in bytes. Default 16 KiB. */
  readonly bodyBytes: number;
  /** Rate of one visitor's messages. Default 10 at once, then 1 a second. */
  readonly perVisitor: BucketRate;
  /**
   * Rate of one address's messages (IPv6: its /64), which people behind one router share. Default
   * 60 at once, then 6 a second.
   */
  readonly perAddress: BucketRate;
  /**
   * Rate of one visitor's token requests, all tabs together. Default 30 at once, then 1 in 2
   * seconds.
   */
  readonly tokensPerVisitor: BucketRate;
  /** Rate of one visitor's requests for older messages and for unread counts. Default 30 at once, then 2 a second. */
  readonly pagesPerVisitor: BucketRate;
  /** Rate at which one visitor's typing is told. Default 2 at once, then 1 in 2 seconds. */
  readonly typingPerVisitor: BucketRate;
  /** Rate at which typing is told in one room. Default 4 at once, then 1 in 2 seconds. */
  readonly typingPerRoom: BucketRate;
  /**
   * Rate at which typing is told in all rooms together, which bounds the share of the journal.
   * Default 50 at once, then 5 a second.
   */
  readonly typingInAll: BucketRate;
  /** Older messages in one answer. Default 100. */
  readonly messagesPerPage: number;
  /** Rate of one address's token requests (IPv6: its /64). Default 120 at once, then 6 a second. */
  readonly tokensPerAddress: BucketRate;
  /** Most visitors and most addresses whose rate is remembered. Default 10,000 each. */
  readonly rateKeys: number;
  /** Most visitors whose presence is followed, all rooms together. Default 20,000. */
  readonly visitors: number;
  /** Most visitors listed for one room. Default 200. */
  readonly visitorsListed: number;
  /**
   * Longest wait for the history to be read, in milliseconds. Then the answer is 503. Default
   * 5,000.
   */
  readonly readyMs: number;
  /** Interval in which changes of presence are published once, in milliseconds. Default 250. */
  readonly presenceDebounceMs: number;
  /**
   * How long a disconnected visitor still counts as present, in milliseconds. Default 6,000,
   * because streams come back within 5 s.
   */
  readonly presenceGraceMs: number;
  /**
   * Longest time to the first part of the bot's reply, in milliseconds. Default 180,000, because a
   * local model loads and reads first.
   */
  readonly botFirstMs: number;
  /**
   * Longest time between two parts of a reply, in milliseconds. Then the reply is cut off. Default
   * 20,000.
   */
  readonly botNextMs: number;
  /**
   * Longest time for one whole reply of the bot, in milliseconds. Then the reply is cut off.
   * Default 300,000.
   */
  readonly botMs: number;
  /** Most messages of one room that wait for the bot. Default 3. */
  readonly botQueue: number;
  /** Most replies that the bot works on at a time, all rooms together. Default 32. */
  readonly botRooms: number;
  /** Most reminders of the bot that wait in one room. Default 20. */
  readonly reminders: number;
  /** Shortest time between two updates of a growing reply, in milliseconds. Default 120. */
  readonly replyIntervalMs: number;
}

export const DEFAULT_CHAT_LIMITS: ChatLimits = {
  bodyBytes: 16 * 1024,
  perVisitor: { burst: 10, perSecond: 1 },
  perAddress: { burst: 60, perSecond: 6 },
  tokensPerVisitor: { burst: 30, perSecond: 0.5 },
  tokensPerAddress: { burst: 120, perSecond: 6 },
  pagesPerVisitor: { burst: 30, perSecond: 2 },
  typingPerVisitor: { burst: 2, perSecond: 0.5 },
  typingPerRoom: { burst: 4, perSecond: 0.5 },
  typingInAll: { burst: 50, perSecond: 5 },
  messagesPerPage: 100,
  rateKeys: 10_000,
  visitors: 20_000,
  visitorsListed: 200,
  readyMs: 5000,
  presenceDebounceMs: 250,
  presenceGraceMs: 6000,
  botFirstMs: 180_000,
  botNextMs: 20_000,
  botMs: 300_000,
  botQueue: 3,
  botRooms: 32,
  reminders: 20,
  replyIntervalMs: 120,
};

/** Options of `createChat`. */
export interface ChatOptions {
  /**
   * The hub that carries the rooms, made with {@link chatIssuer} among its issuers and {@link
   * CHAT_TOPICS} among its reserved topics. The chat does not close the hub.
   */
  readonly hub: Hub;
  /** The key that signs the visitors' tokens. */
  readonly key: ChatKey;
  /** The hub's resource identifier. Default: its URL. */
  readonly audience?: string | undefined;
  /**
   * Lifetime of a visitor's token, in seconds, from 5. The token is renewed before its end. Default
   * 300.
   */
  readonly tokenLifetimeSeconds?: number | undefined;
  /**
   * Secret of the owner, who may remove messages and mute visitors. At least 16 characters. Default:
   * nobody may.
   */
  readonly ownerSecret?: string | undefined;
  /** The bot that answers in the rooms. Default: none. */
  readonly bot?: Bot | undefined;
  /** The bot's nickname, which nobody else may take. Default `artie`. */
  readonly botName?: string | undefined;
  /** Default: silent. */
  readonly logger?: ChatLogger | undefined;
  /** Whether the bot may tell of the updates of a topic. Default: of all that are public. */
  readonly mayTell?: ((topic: string) => boolean) | undefined;
  /** Messages of a room that are kept in memory and shown on arrival. Default 200. */
  readonly historyPerRoom?: number | undefined;
  /**
   * Most rooms in memory. Other rooms are read from the journal again when somebody enters. Default
   * 1,000.
   */
  readonly rooms?: number | undefined;
  readonly limits?: Partial<ChatLimits> | undefined;
}

export const SILENT: ChatLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** @throws TypeError when the option is no whole number from `min`. */
export function checkCount(option: string, value: number, min = 1): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new TypeError(`createChat: ${option} must be a whole number from ${min}; it is ${value}.`);
}
