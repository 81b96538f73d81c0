import type { Authorization } from "./matching/authorization.ts";
import { EARLIEST } from "./journal/cursor.ts";
import type { Dispatcher } from "./live/dispatcher.ts";
import { EarlyUpdates } from "./live/early-updates.ts";
import type { Grants } from "./matching/grants.ts";
import type { Journal } from "./journal/journal.ts";
import type { Limits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { Matcher, MatcherCompiler } from "./matching/matcher.ts";
import { iterate, type ReceivedUpdate, type SubscribeOptions } from "./replay/reader.ts";
import { Selection, type WireOptions } from "./matching/selection.ts";
import { atOnce } from "./slices.ts";
import { type Asker, Snapshots, THIS_PROCESS } from "./replay/snapshot.ts";
import { resolveStart, type Start } from "./replay/start.ts";
import type { Streams } from "./streams/streams.ts";
import type { Sink, Subscriber } from "./live/subscriber.ts";
import type { Tokens } from "./table/tokens.ts";
import type { Span } from "./tracing.ts";
import type { TopicParser } from "./update/topic.ts";
import type { Turns } from "./turns.ts";

/** How subscribers, and readers within the process, begin: what they select, and where they start. */
export class Readers {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #streams: Streams;
  readonly #turns: Turns;
  readonly #parser: TopicParser;
  readonly #compiler: MatcherCompiler;
  readonly #grants: Grants;
  readonly #tokens: Tokens;
  readonly #isDraining: () => boolean;
  readonly #snapshots: Snapshots;
  readonly #closed = new AbortController();

  constructor(options: {
    journal: Journal;
    dispatcher: Dispatcher;
    streams: Streams;
    turns: Turns;
    parser: TopicParser;
    compiler: MatcherCompiler;
    grants: Grants;
    tokens: Tokens;
    limits: Limits;
    isDraining: () => boolean;
    logger: Logger;
  }) {
    this.#journal = options.journal;
    this.#dispatcher = options.dispatcher;
    this.#streams = options.streams;
    this.#turns = options.turns;
    this.#parser = options.parser;
    this.#compiler = options.compiler;
    this.#grants = options.grants;
    this.#tokens = options.tokens;
    this.#isDraining = options.isDraining;
    this.#snapshots = new Snapshots(options.journal, options.dispatcher, options.turns, options.limits, options.logger);
  }

  /**
   * Subscribes from within the process. The endless iterable reads the journal at the reader's own
   * pace, so a slow reader costs no memory. Ends when its `signal` aborts or the hub closes.
   *
   * @throws HubError `invalid_matcher`, `too_many_matchers`.
   */
  subscribe(options: SubscribeOptions = {}): AsyncIterableIterator<ReceivedUpdate> {
    return iterate(options, {
      dispatcher: this.#dispatcher,
      journal: this.#journal,
      turns: this.#turns,
      closed: this.#closed.signal,
      select: (matchers, grants) =>
        new Selection(this.#compiler.compileAll(matchers), grants.length === 0 ? [] : this.#compiler.compileAll(grants), this.#parser),
      start: (lastEventId, selection) => this.resolve(lastEventId, selection),
    });
  }

  /**
   * @param authorization - What the subscriber's token allows. Without a token the subscriber
   *   receives public updates only.
   * @param wire - How its updates are paced and encoded. Default: at once, as they are.
   * @throws HubError if a matcher is not valid, or `invalid_token` if a grant is not.
   */
  *selecting(
    matchers: readonly Matcher[],
    authorization: Authorization | undefined,
    wire: WireOptions = {},
  ): Generator<undefined, Selection> {
    // Without compression here, updates are sent as they are.
    const encoding = this.#dispatcher.wire.compresses ? wire.encoding : "identity";
    const compiled = yield* this.#compiler.compiling(matchers);
    return new Selection(compiled, this.#grants.readable(authorization), this.#parser, { ...wire, encoding });
  }

  /** Does the work of {@link selecting} at once. */
  select(...asked: Parameters<Readers["selecting"]>): Selection {
    return atOnce(this.selecting(...asked));
  }

  /**
   * Finds where a subscription with this cursor starts. See {@link resolveStart}.
   *
   * @param last - Number of updates to begin with if the cursor is missing or leads nowhere. The
   *   number is per matcher, or the number of topics if only the latest counts.
   * @param asker - Addresses take turns, and the search ends once the asker has left. Default: the
   *   process itself.
   * @throws HubError `journal_unavailable`. With `last`, `overloaded` if too many wait.
   */
  resolve(lastEventId: string | undefined, selection: Selection, last = 0, asker: Asker = THIS_PROCESS): Start | Promise<Start> {
    // Nothing will be sent, and the journal may be closed.
    if (this.#isDraining())
      return { epoch: this.#dispatcher.epoch, after: this.#dispatcher.position, gap: undefined, lastEventId: undefined };
    if (this.#journal.failure !== undefined) throw this.#journal.failure;
    const start = resolveStart(this.#journal, this.#dispatcher, lastEventId, selection);
    return last === 0 ? start : this.#withSnapshot(start, lastEventId, selection, last, asker);
  }

  /**
   * Starts delivery to a sink. The reconnection time and the cursor or gap come first, then the
   * journal's updates after the start, then new updates, without a seam.
   *
   * @param authorization - Claims of the subscriber's token. The stream ends with the token.
   * @param span - The span of the request, which ends here or later.
   * @returns Undefined if the hub is shutting down or the journal was replaced meanwhile. The peer
   *   was told to come back, and the stream is at its end. A failure status would stop an
   *   `EventSource` permanently.
   */
  attach(selection: Selection, sink: Sink, start: Start, authorization?: Authorization, span?: Span): Subscriber | undefined {
    if (this.#isDraining() || start.epoch !== this.#dispatcher.epoch) {
      this.#streams.turnAway(selection, sink);
      span?.end("draining");
      return undefined;
    }
    this.#tokens.checkCurrent(authorization);
    return this.#streams.open(selection, sink, start, authorization, span);
  }

  /** Number of updates after a start, which match or not. */
  lagAt({ after }: Start): number {
    return this.#dispatcher.position - after;
  }

  /** Ends a subscriber's stream in order, after its newest cursor. */
  end(subscriber: Subscriber): void {
    this.#streams.end(subscriber);
  }

  /**
   * The event id of the newest update, to resume after. `earliest` if there was never an update.
   */
  cursor(): string {
    return this.cursorAt(this.#journal.tail());
  }

  /** Makes an event id that resumes after an offset. `earliest` for 0. */
  cursorAt(offset: number): string {
    return offset === 0 ? EARLIEST : this.#dispatcher.ids.cursorAt(offset);
  }

  /** Ends the readers within the process. */
  close(): void {
    this.#closed.abort();
  }

  async #withSnapshot(
    found: Start | Promise<Start>,
    lastEventId: string | undefined,
    selection: Selection,
    last: number,
    asker: Asker,
  ): Promise<Start> {
    const start = await found;
    if (lastEventId !== undefined && start.gap === undefined) return start;
    try {
      const { offsets, upTo } = await this.#snapshots.take(selection, last, asker);
      return { ...start, after: upTo, early: EarlyUpdates.at(offsets) };
    } catch (error) {
      // Nobody is told, and nothing is wrong.
      if (asker.isGone()) return start;
      throw error;
    }
  }
}
