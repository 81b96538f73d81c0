import type { Authorization } from "../matching/authorization.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import type { Matcher } from "../matching/matcher.ts";
import { monotonicMs, nextTurn } from "../scheduler.ts";
import { inSlices } from "../slices.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** The facts of an open stream that a list of subscribers leaves out. */
export interface SubscriberDetail {
  /** Id of the process that holds the stream. See `Peers.id`. */
  readonly process: string;
  /** Claims of the subscriber's token. Undefined for an anonymous subscriber. */
  readonly token: TokenClaims | undefined;
  /** Bytes that the peer has not taken. */
  readonly heldBytes: number;
  /** Updates of the last minute that are for this subscriber. */
  readonly recent: RecentUpdates;
}

/** The claims of a token: its grants, its times, its holder. */
export interface TokenClaims extends Pick<Authorization, "issuer" | "subject" | "tokenId" | "issuedAt"> {
  /** Undefined if the token has no end. */
  readonly expiresAt: number | undefined;
  readonly publish: readonly Matcher[];
  readonly subscribe: readonly Matcher[];
}

export interface RecentUpdates {
  readonly updates: number;
  /** Characters of their data. */
  readonly characters: number;
  /** Time span of the count, in milliseconds. */
  readonly spanMs: number;
}

const RECENT_MS = 60_000;
/** Most records of memory that are examined for a subscriber. */
const EXAMINED = 2000;

/** Finds the facts of a stream that a list leaves out, because they take a search. */
export async function detailOf(subscriber: Subscriber, process: string, dispatcher: Dispatcher): Promise<SubscriberDetail> {
  const { authorization } = subscriber;
  return {
    process,
    token: authorization && claimsOf(authorization),
    heldBytes: subscriber.sink.pendingBytes(),
    recent: await inSlices(countRecent(subscriber, dispatcher), nextTurn),
  };
}

function claimsOf({ issuer, subject, tokenId, issuedAt, expiresAt, publish, subscribe }: Authorization): TokenClaims {
  return {
    issuer,
    subject,
    tokenId,
    issuedAt,
    expiresAt: expiresAt === Infinity ? undefined : expiresAt,
    publish,
    subscribe: subscribe.flatMap(({ topics }) => topics),
  };
}

/**
 * Counts the newest updates in memory that the subscriber selects and may read. A counter for each
 * subscriber would cost a step for each delivery.
 */
function* countRecent(subscriber: Subscriber, { ring, position }: Dispatcher): Generator<undefined, RecentUpdates> {
  const { selection } = subscriber;
  const now = Date.now();
  const after = Math.max(ring.after, position - EXAMINED);
  const entries = ring.read(after, EXAMINED, Infinity) ?? [];
  let updates = 0;
  let characters = 0;
  for (const { record } of entries) {
    yield;
    if (now - record.at > RECENT_MS || !(yield* selection.selecting(record))) continue;
    updates += 1;
    characters += record.data.length;
  }
  const oldestAt = entries.length === EXAMINED ? (entries[0]?.record.at ?? 0) : 0;
  const openMs = Math.round(monotonicMs() - subscriber.openedAtMs);
  return { updates, characters, spanMs: Math.max(1000, Math.min(RECENT_MS, now - oldestAt, openMs)) };
}
