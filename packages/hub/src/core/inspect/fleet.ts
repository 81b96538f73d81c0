import { APP_ISSUER, type Authorization, invalidToken } from "../matching/authorization.ts";
import { findSubscribers, mergePages, type SubscriberPage, type SubscriberQuery } from "./directory.ts";
import { HubError } from "../errors.ts";
import type { DetailedSubscriber, HubStats, OwnProcess } from "./own-process.ts";
import type { PeerRequests } from "./peer-requests.ts";
import type { Tokens } from "../table/tokens.ts";
import type { Fate, UpdateLife } from "./update-life.ts";

/** Figures of all processes that answered. */
export interface FleetStats extends HubStats {
  /** Number of processes in the figures. */
  readonly processes: number;
  /** Number of processes that did not answer in time. */
  readonly silent: number;
}

/** Ids of subscribers. For any other text no other process is asked. */
const SUBSCRIBER_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

type SummedFigure = { [Name in keyof HubStats]: HubStats[Name] extends number ? Name : never }[keyof HubStats];

interface RenewRequest {
  readonly id: string;
  readonly authorization: Omit<Authorization, "expiresAt"> & { readonly expiresAt: number | null };
}
/** Answer of a process that does not hold the stream, or holds the stream for another user. */
const NOT_HERE = "not_here";
type RenewAnswer = "renewed" | "invalid_token" | typeof NOT_HERE;

/**
 * Fleet-wide view: aggregates every process on this journal. Without peers, this process only. Each
 * process answers for its own subscribers. A process that does not answer within a second is left
 * out.
 */
export class Fleet {
  readonly #own: OwnProcess;
  readonly #tokens: Tokens;
  readonly #peers: PeerRequests;

  constructor(own: OwnProcess, tokens: Tokens, peers: PeerRequests) {
    this.#own = own;
    this.#tokens = tokens;
    this.#peers = peers;
    peers.answer("hub/renew", (value) => this.#answerRenew(value as RenewRequest));
    peers.answer("hub/disconnect", (id) => own.disconnect(id as string));
    peers.answer("hub/stats", () => own.stats());
    peers.answer("hub/subscribers", (query) => findSubscribers(own.eachSubscriber(), query as SubscriberQuery));
    peers.answer("hub/subscriber", (id) => own.findSubscriber(id as string, peers.id));
    peers.answer("hub/explain", (value) => {
      const [eventId, subscriberId] = value as readonly [string, string | null];
      return own.explain(eventId, subscriberId ?? undefined);
    });
  }

  /** Renews as {@link Tokens.renew}, in the process that holds the stream. */
  async renew(subscriberId: string, authorization: Authorization): Promise<boolean> {
    if (this.#tokens.renew(subscriberId, authorization)) return true;
    // Rights of a session are asked for again in the process that has the stream.
    if (authorization.issuer === APP_ISSUER || !SUBSCRIBER_ID.test(subscriberId)) return false;
    // The token's claims are sent, not the token. An eavesdropper could not use the claims.
    const { expiresAt } = authorization;
    const request: RenewRequest = {
      id: subscriberId,
      authorization: { ...authorization, expiresAt: expiresAt === Infinity ? null : expiresAt },
    };
    const { answers } = await this.#peers.ask("hub/renew", request, (answer) => answer !== NOT_HERE);
    const answer = answers.map(({ value }) => value as RenewAnswer).find((one) => one !== NOT_HERE);
    if (answer === "invalid_token") throw invalidToken("the process that holds the stream cannot evaluate its grants");
    return answer === "renewed";
  }

  /** Ends a subscriber's stream, in any process. @returns Whether the subscriber was found. */
  async disconnect(subscriberId: string): Promise<boolean> {
    if (this.#own.disconnect(subscriberId)) return true;
    if (!SUBSCRIBER_ID.test(subscriberId)) return false;
    const { answers } = await this.#peers.ask("hub/disconnect", subscriberId, (answer) => answer === true);
    return answers.some(({ value }) => value === true);
  }

  /**
   * Figures of this moment. The journal's figures are the same everywhere. The lag is that of the
   * subscriber that is furthest behind. All others are sums, so a cohort of two processes counts
   * twice.
   */
  async stats(): Promise<FleetStats> {
    const { answers, silent } = await this.#peers.ask("hub/stats", null);
    const own = this.#own.stats();
    const all = [own, ...answers.map(({ value }) => value as HubStats)];
    const sum = (of: SummedFigure): number => all.reduce((before, stats) => before + stats[of], 0);
    return {
      ...own,
      subscribers: sum("subscribers"),
      cohorts: sum("cohorts"),
      lagging: sum("lagging"),
      stalled: sum("stalled"),
      lag: { updates: Math.max(...all.map(({ lag }) => lag.updates)), ms: Math.max(...all.map(({ lag }) => lag.ms)) },
      heldBytes: sum("heldBytes"),
      cut: all.reduce((before, { cut }) => ({ stalled: before.stalled + cut.stalled, held: before.held + cut.held }), {
        stalled: 0,
        held: 0,
      }),
      published: sum("published"),
      delivered: sum("delivered"),
      sentBytes: sum("sentBytes"),
      processes: all.length,
      silent,
    };
  }

  /**
   * Finds one page of the open streams. @param signal - Aborts when nobody waits for the page any
   * more.
   */
  async findSubscribers(query: SubscriberQuery = {}, signal?: AbortSignal): Promise<SubscriberPage> {
    const [own, { answers }] = await Promise.all([
      findSubscribers(this.#own.eachSubscriber(), query, signal),
      this.#peers.ask("hub/subscribers", query),
    ]);
    return mergePages([own, ...answers.map(({ value }) => value as SubscriberPage)], query);
  }

  /** Describes an open stream in detail, in any process. @returns Undefined if the stream does not exist. */
  async findSubscriber(subscriberId: string): Promise<DetailedSubscriber | undefined> {
    if (!SUBSCRIBER_ID.test(subscriberId)) return undefined;
    const own = await this.#own.findSubscriber(subscriberId, this.#peers.id);
    if (own !== undefined) return own;
    const { answers } = await this.#peers.ask("hub/subscriber", subscriberId, (answer) => answer !== undefined && answer !== null);
    return (
      answers.map(({ value }) => value as DetailedSubscriber | null | undefined).find((value) => value !== undefined && value !== null) ??
      undefined
    );
  }

  /** Explains as {@link OwnProcess.explain}, for the subscribers of all processes. */
  async explain(eventId: string, subscriberId?: string): Promise<UpdateLife | undefined> {
    const life = await this.#own.explain(eventId, subscriberId);
    if (life === undefined) return undefined;
    const { answers } = await this.#peers.ask("hub/explain", [eventId, subscriberId ?? null]);
    const lives = [life, ...answers.map(({ value }) => value as UpdateLife)];
    const counts: Partial<Record<Fate, number>> = {};
    for (const one of lives) {
      for (const [fate, count] of Object.entries(one.counts) as [Fate, number][]) counts[fate] = (counts[fate] ?? 0) + count;
    }
    return { ...life, counts, fate: lives.find(({ fate }) => fate !== undefined)?.fate };
  }

  #answerRenew({ id, authorization }: RenewRequest): RenewAnswer {
    const { subject, tokenId, issuedAt, expiresAt } = authorization;
    const claims: Authorization = { ...authorization, subject, tokenId, issuedAt, expiresAt: expiresAt ?? Infinity };
    try {
      // The request may have waited on its way, as in a process that was suspended.
      this.#tokens.checkCurrent(claims);
    } catch {
      // Nobody waits for the answer any more either.
      return NOT_HERE;
    }
    try {
      return this.#tokens.renew(id, claims) ? "renewed" : NOT_HERE;
    } catch (error) {
      if (error instanceof HubError) return "invalid_token";
      throw error;
    }
  }
}
