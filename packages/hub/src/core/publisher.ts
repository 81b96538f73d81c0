import { APP_ISSUER, type Authorization } from "./matching/authorization.ts";
import type { Dispatcher } from "./live/dispatcher.ts";
import type { AppendSpan, DispatchSpans } from "./live/dispatch-spans.ts";
import { HubError } from "./errors.ts";
import { Durations } from "./durations.ts";
import type { Grants } from "./matching/grants.ts";
import {
  checkIdempotencyKey,
  type AppendOutcome,
  type IdempotencyKey,
  idempotencyKeyOf,
  type JournalIdempotency,
  type KnownAppend,
  OWN_PROCESS,
  publisherOf,
  type PublishOptions,
  requestText,
  type ReusedKey,
} from "./journal/idempotency.ts";
import type { Journal } from "./journal/journal.ts";
import type { Limits } from "./limits.ts";
import { LogThrottle } from "./log-throttle.ts";
import type { Logger } from "./logger.ts";
import type { OutageLog } from "./journal/outage-log.ts";
import { boundRetry, type RetryRange } from "./update/retry.ts";
import { monotonicMs } from "./scheduler.ts";
import type { Schedule, ScheduledUpdate } from "./table/schedule.ts";
import type { Tokens } from "./table/tokens.ts";
import { endWith, type Span, type SpanFacts, type Tracing } from "./tracing.ts";
import type { TopicParser } from "./update/topic.ts";
import {
  checkAscii,
  deliveryTime,
  tooManyUpdates,
  type TextUpdate,
  type Update,
  type UpdateInput,
  validateUpdate,
} from "./update/update.ts";
import { readInputs } from "./update/update-input.ts";
import { utf8Bytes } from "./update/bytes.ts";

/** A publish call that may repeat an earlier attempt. */
interface Attempt {
  readonly journal: JournalIdempotency;
  readonly key: string;
  readonly request: string;
}

/** Takes updates in: validates, authorizes and appends them, or schedules them. */
export class Publisher {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #grants: Grants;
  readonly #tokens: Tokens;
  readonly #outage: OutageLog;
  readonly #isClosed: () => boolean;
  readonly #parser: TopicParser;
  readonly #limits: Limits;
  readonly #schedule: Schedule | undefined;
  readonly #retryMs: RetryRange;
  readonly #asciiIds: boolean;
  readonly #log: LogThrottle;
  /** Writes under way. */
  readonly #writes = new Set<Promise<unknown>>();
  readonly #isPrivate: boolean;
  readonly #tracing: Tracing | undefined;
  readonly #spans: DispatchSpans | undefined;
  /** Number of updates acknowledged. */
  published = 0;
  /** From the check of a publisher's updates until they were acknowledged. */
  readonly acknowledgements: Durations = new Durations();

  constructor(options: {
    journal: Journal;
    dispatcher: Dispatcher;
    grants: Grants;
    tokens: Tokens;
    outage: OutageLog;
    /** Whether nothing may be written any more. */
    isClosed: () => boolean;
    parser: TopicParser;
    limits: Limits;
    schedule: Schedule | undefined;
    /** Range of `retry` times. For a time outside, subscribers get the nearer end. */
    retryMs: RetryRange;
    /** Whether event ids must be printable ASCII. */
    asciiIds: boolean;
    /** Whether updates of this process are private unless they say otherwise. */
    isPrivate: boolean;
    /** Undefined: nothing is measured. */
    tracing: Tracing | undefined;
    spans: DispatchSpans | undefined;
    logger: Logger;
  }) {
    this.#journal = options.journal;
    this.#dispatcher = options.dispatcher;
    this.#grants = options.grants;
    this.#tokens = options.tokens;
    this.#outage = options.outage;
    this.#isClosed = options.isClosed;
    this.#parser = options.parser;
    this.#limits = options.limits;
    this.#schedule = options.schedule;
    this.#retryMs = options.retryMs;
    this.#asciiIds = options.asciiIds;
    this.#isPrivate = options.isPrivate;
    this.#tracing = options.tracing;
    this.#spans = options.spans;
    this.#log = new LogThrottle(options.logger);
  }

  /**
   * Publishes an update and resolves once the update is committed to the journal.
   *
   * @returns Its event id.
   * @throws HubError whose code says what is wrong with the update, or TypeError for a value that
   *   is no update. The update was not published.
   */
  async publish(update: UpdateInput, options?: PublishOptions): Promise<string> {
    const [id] = await this.publishBatch([update], options);
    return id as string;
  }

  /**
   * Publishes updates atomically: all of them, in order with nothing between them, or none.
   *
   * @param updates - At most 1,000. An empty list publishes nothing.
   * @returns Their event ids, in order. If one update is scheduled for later, all must be. They are
   *   kept, and each is published at its time.
   * @throws HubError whose code says what is wrong. Nothing was published.
   */
  async publishBatch(updates: readonly UpdateInput[], options?: PublishOptions): Promise<readonly string[]> {
    const inputs = readInputs(updates);
    const kept = this.#isPrivate ? inputs.map((update) => ({ ...update, private: update.private ?? true })) : inputs;
    const key = idempotencyKeyOf(options);
    if (this.#tracing === undefined) return this.publishFor(undefined, kept, key, OWN_PROCESS);
    const span = this.#tracing.begin("publish", { kind: "producer" });
    return endWith(span, this.publishFor(undefined, kept, key, OWN_PROCESS, span));
  }

  /**
   * Publishes for a publisher outside this process, as {@link publishBatch} does.
   *
   * @param updates - Parsed already, so that each field is of its type.
   * @param authorization - Claims of the publisher's token. Without a token, everything may be
   *   published.
   * @param idempotencyKey - If the key is known, nothing is published. With the same updates, the
   *   result is the first attempt's event ids.
   * @param publisher - The key's owner. Default: that of the token.
   * @param span - The span of the publish, which the caller ends.
   */
  async publishFor(
    authorization: Authorization | undefined,
    updates: readonly TextUpdate[],
    idempotencyKey?: string,
    publisher?: string,
    span?: Span,
  ): Promise<readonly string[]> {
    if (this.#isClosed()) throw new HubError("draining", "The hub is shutting down. Publish again in a moment.");
    this.#tokens.checkCurrent(authorization);
    if (updates.length === 0) return [];
    const beganAt = monotonicMs();
    const key = idempotencyKey === undefined ? undefined : { publisher: publisher ?? publisherOf(authorization), key: idempotencyKey };
    const attempt = key && this.#attemptAt(updates, key);
    // What a user says is for those who may hear the user.
    const batch = this.#validate(authorization?.issuer === APP_ISSUER ? updates.map((update) => ({ ...update, private: true })) : updates);
    if (authorization !== undefined) for (const update of batch) this.#checkGrant(authorization, update);
    const times = this.#deliveryTimes(updates);
    const append = span && this.#beginAppend(span, batch);
    const writing = this.#write(batch, times, attempt, append);
    this.#writes.add(writing);
    try {
      const ids = await writing;
      append?.end();
      this.#outage.succeeded();
      this.acknowledgements.add(monotonicMs() - beganAt);
      return ids;
    } catch (error) {
      append?.end(error);
      throw error;
    } finally {
      this.#writes.delete(writing);
    }
  }

  /**
   * Lists the scheduled updates, the next first. The list is empty if the journal has no shared
   * table.
   */
  async *scheduled(): AsyncGenerator<ScheduledUpdate, undefined> {
    if (this.#schedule !== undefined) yield* this.#schedule.list();
  }

  /**
   * Cancels the scheduled updates with an event id.
   *
   * @param mayCancel - Whether an update may be cancelled. Default: every update.
   * @returns Whether any update was found that may be cancelled.
   * @throws HubError `journal_full` or `journal_unavailable`.
   */
  async cancel(id: string, mayCancel: (update: Update) => boolean = () => true): Promise<boolean> {
    return ((await this.#schedule?.cancel(id, mayCancel)) ?? 0) > 0;
  }

  #beginAppend(span: Span, batch: readonly Update[]): AppendSpan | undefined {
    span.set(factsOf(batch));
    return this.#spans?.append(span, batch.length);
  }

  #checkGrant(authorization: Authorization, { topics }: Update): void {
    if (this.#grants.mayPublish(authorization, topics)) return;
    throw new HubError("insufficient_scope", "The access token, or the session, does not allow publishing to every topic of the update.");
  }

  /** When to deliver each update. Undefined if all are delivered at once, as nearly always. */
  #deliveryTimes(updates: readonly TextUpdate[]): readonly (number | undefined)[] | undefined {
    const now = Date.now();
    const times = updates.map((update) => deliveryTime(update, now));
    return times.some((time) => time !== undefined) ? times : undefined;
  }

  async #write(
    batch: readonly Update[],
    times: readonly (number | undefined)[] | undefined,
    attempt: Attempt | undefined,
    append: AppendSpan | undefined,
  ): Promise<readonly string[]> {
    if (times !== undefined) return this.#publishLater(batch, times, attempt);
    if (attempt !== undefined) return this.#publishOnce(batch, attempt, append);
    const offsets = await this.#journal.append(batch);
    append?.committed(offsets);
    this.published += batch.length;
    return this.#idsOf(batch, offsets);
  }

  /** @param ids - Event ids from the journal, if offsets do not tell them. */
  #idsOf(batch: readonly Update[], offsets: readonly number[], ids?: readonly string[]): readonly string[] {
    return batch.map(({ id }, i) => {
      if (id !== undefined) return id;
      const own = ids?.[i];
      return own === undefined ? this.#dispatcher.ids.idAt(offsets[i] as number) : this.#dispatcher.ids.seal(own);
    });
  }

  /** Resolves when the writes that are under way now have ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }

  #attemptAt(updates: readonly TextUpdate[], { publisher, key }: IdempotencyKey): Attempt {
    checkIdempotencyKey(key, this.#limits.idempotencyKeyBytes);
    const journal = this.#journal.idempotency;
    if (journal === undefined) {
      throw new HubError("idempotency_unsupported", "This hub's journal cannot keep idempotency keys. Publish without one.");
    }
    return { journal, key: JSON.stringify([publisher, key]), request: requestText(updates) };
  }

  async #publishOnce(
    batch: readonly Update[],
    { journal, key, request }: Attempt,
    append: AppendSpan | undefined,
  ): Promise<readonly string[]> {
    const outcome = await journal.append({ key, request, batch });
    if (outcome.kind !== "appended") return this.#firstIds(batch, outcome);
    append?.committed(outcome.offsets);
    this.published += batch.length;
    return this.#idsOf(batch, outcome.offsets, outcome.ids);
  }

  /** The event ids in the answer to the first attempt. */
  #firstIds(batch: readonly Update[], outcome: KnownAppend | ReusedKey): readonly string[] {
    if (outcome.kind === "reused") {
      throw new HubError("idempotency_key_reused", "The idempotency key was used for another request. Use a new key for each request.");
    }
    if (outcome.answer !== undefined) return JSON.parse(outcome.answer) as readonly string[];
    return this.#idsOf(batch, outcome.offsets, outcome.ids);
  }

  #validate(updates: readonly TextUpdate[]): readonly Update[] {
    const { updatesPerBatch, topicsPerBatch } = this.#limits;
    if (updates.length > updatesPerBatch) throw tooManyUpdates(updatesPerBatch);
    const topics = updates.reduce((sum, { topic }) => sum + (typeof topic === "string" ? 1 : topic.length), 0);
    if (updates.length > 1 && topics > topicsPerBatch) {
      throw new HubError("too_large", `The batch has ${topics} topics; at most ${topicsPerBatch} are allowed. Split it.`);
    }
    const isReserved = (topic: string): boolean => this.#parser.parse(topic).reserved;
    return updates.map((update, i) => {
      try {
        const validated = validateUpdate(update, this.#limits, isReserved);
        if (this.#asciiIds && validated.id !== undefined) checkAscii(validated.id);
        this.#tellOfRetry(validated);
        return validated;
      } catch (error) {
        if (!(error instanceof HubError) || updates.length === 1) throw error;
        throw new HubError(error.code, `Update ${i + 1} of ${updates.length}: ${error.message}`);
      }
    });
  }

  #tellOfRetry({ retry, topics }: Update): void {
    if (retry === undefined || boundRetry(retry, this.#retryMs) === retry) return;
    const told = { topic: topics[0], retryMs: retry, toldMs: boundRetry(retry, this.#retryMs) };
    this.#log.warn("retry", told, "a publisher's retry is out of range: subscribers are told the nearest time that is allowed");
  }

  async #publishLater(
    batch: readonly Update[],
    times: readonly (number | undefined)[],
    attempt: Attempt | undefined,
  ): Promise<readonly string[]> {
    // This check comes first. Since the first attempt, some updates may have become due, and all
    // places for scheduled updates may be taken.
    const known = await attempt?.journal.find(attempt);
    if (known !== undefined) return this.#firstIds(batch, known);
    const { state } = this.#journal;
    if (this.#schedule === undefined || state === undefined) {
      throw new TypeError("Delayed updates need a journal with a shared table (`state`), such as logJournal.");
    }
    const scheduled = batch.map((update, i): ScheduledUpdate => {
      const deliverAt = times[i];
      if (deliverAt !== undefined) return { deliverAt, update: { ...update, id: update.id ?? `urn:uuid:${crypto.randomUUID()}` } };
      throw new HubError("invalid_time", "Some updates of the batch are for later, and some are not. Publish them apart.");
    });
    const ids = scheduled.map(({ update }) => update.id as string);
    if (attempt === undefined) {
      await this.#schedule.add(scheduled, (steps) => state.commit(steps));
      return ids;
    }
    const { journal, key, request } = attempt;
    const outcome: AppendOutcome = await this.#schedule.add(scheduled, (steps) =>
      journal.append({ key, request, batch: [], steps, answer: JSON.stringify(ids) }),
    );
    return outcome.kind === "appended" ? ids : this.#firstIds(batch, outcome);
  }
}

function factsOf(batch: readonly Update[]): SpanFacts {
  return {
    updates: batch.length === 1 ? undefined : batch.length,
    topics: batch.reduce((sum, { topics }) => sum + topics.length, 0),
    bytes: batch.reduce((sum, { data }) => sum + utf8Bytes(data), 0),
    private: batch.some((update) => update.private),
  };
}
