import type { Authorization } from "./authorization.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { HubError } from "./errors.ts";
import type { Grants } from "./grants.ts";
import type { Journal } from "./journal.ts";
import type { Limits } from "./limits.ts";
import type { Schedule, ScheduledUpdate } from "./schedule.ts";
import type { TopicParser } from "./topic.ts";
import { deliveryTime, type Update, type UpdateInput, validateUpdate } from "./update.ts";

/** Takes updates in: validates, authorizes and appends them, or keeps them for later. */
export class Publisher {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #grants: Grants;
  readonly #parser: TopicParser;
  readonly #limits: Limits;
  readonly #schedule: Schedule | undefined;
  readonly #writing = new Set<Promise<unknown>>();
  /** How many updates were acknowledged. */
  published = 0;

  constructor(options: {
    journal: Journal;
    dispatcher: Dispatcher;
    grants: Grants;
    parser: TopicParser;
    limits: Limits;
    schedule: Schedule | undefined;
  }) {
    this.#journal = options.journal;
    this.#dispatcher = options.dispatcher;
    this.#grants = options.grants;
    this.#parser = options.parser;
    this.#limits = options.limits;
    this.#schedule = options.schedule;
  }

  /**
   * @param authorization - What the publisher's token says; without one everything may be published.
   * @returns Their event ids, in order.
   * @throws HubError whose code says what is wrong; nothing was published.
   */
  async publish(updates: readonly UpdateInput[], authorization: Authorization | undefined): Promise<readonly string[]> {
    if (updates.length === 0) return [];
    const batch = this.#validate(updates);
    if (authorization !== undefined && !batch.every((update) => this.#grants.mayPublish(authorization, update.topics))) {
      throw new HubError("insufficient_scope", "The access token does not allow publishing to every topic of the update.");
    }
    const now = Date.now();
    const times = updates.map((update) => deliveryTime(update, now));
    if (times.some((time) => time !== undefined)) return this.#track(this.#publishLater(batch, times));
    const offsets = await this.#track(this.#journal.append(batch));
    this.published += batch.length;
    return batch.map((update, i) => update.id ?? this.#dispatcher.cursorAt(offsets[i] as number));
  }

  /** Resolves when what is being written is. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  #validate(updates: readonly UpdateInput[]): readonly Update[] {
    const { updatesPerBatch } = this.#limits;
    if (updates.length > updatesPerBatch) {
      throw new HubError("too_large", `The batch has ${updates.length} updates; at most ${updatesPerBatch} are allowed. Split it.`);
    }
    const isReserved = (topic: string): boolean => this.#parser.parse(topic).reserved;
    return updates.map((update, i) => {
      try {
        return validateUpdate(update, this.#limits, isReserved);
      } catch (error) {
        if (!(error instanceof HubError) || updates.length === 1) throw error;
        throw new HubError(error.code, `Update ${i + 1} of ${updates.length}: ${error.message}`);
      }
    });
  }

  async #publishLater(batch: readonly Update[], times: readonly (number | undefined)[]): Promise<readonly string[]> {
    if (this.#schedule === undefined) {
      throw new TypeError("Delayed updates need a journal with a shared table (`state`), such as lmdbJournal.");
    }
    const scheduled = batch.map((update, i): ScheduledUpdate => {
      const deliverAt = times[i];
      if (deliverAt !== undefined) return { deliverAt, update: { ...update, id: update.id ?? `urn:uuid:${crypto.randomUUID()}` } };
      throw new HubError("invalid_time", "Some updates of the batch are for later, and some are not. Publish them apart.");
    });
    await this.#schedule.add(scheduled);
    return scheduled.map(({ update }) => update.id as string);
  }

  async #track<T>(writing: Promise<T>): Promise<T> {
    this.#writing.add(writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }
}
