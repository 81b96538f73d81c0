import type { JournalRecord } from "../journal/journal.ts";
import type { PresenceNotes } from "../live/dispatcher-options.ts";
import { allEntries, type JournalState, type StateStep } from "../journal/state.ts";
import type { SubscriptionDocument } from "../matching/subscription.ts";
import { noteOf, NOTE_TYPE, type Update } from "../update/update.ts";

/** Options of the log. */
export interface PresenceLogOptions {
  readonly state: JournalState;
  /** Topic of the notes in the journal, below the hub's own path. */
  readonly topic: string;
  /** Most updates kept per process. */
  readonly limit: number;
  /** Makes the update for a subscription that began or ended. */
  readonly eventOf: (document: SubscriptionDocument) => Update;
}

/** Changes that are about to be committed. */
export interface PreparedLog {
  /** The note, which names the kept changes. */
  readonly note: Update;
  /**
   * Keeps the changes, and drops the oldest ones. The note is to be appended in the same commit.
   */
  readonly steps: readonly StateStep[];
  /** Must be called once they are committed. */
  readonly committed: () => void;
}

/** Prefix of the entries' keys. The process and a rising number follow. */
const PREFIX = "presence-log/";
/** Most lists of updates remembered, by most recent use. */
const REMEMBERED = 16;
/**
 * How long the entries of an ended process are kept, in milliseconds. As long as streams usually
 * live.
 */
const ENDED_MS = 600_000;

/**
 * The newest updates of presence. They are kept in the shared table, and the journal has one short
 * note for each commit of them. So they have an order among all updates, and crowds that come and
 * go push out none of the publishers' updates.
 */
export class PresenceLog implements PresenceNotes {
  readonly #options: PresenceLogOptions;
  /** Entries of this process, the oldest first. */
  readonly #own: { readonly key: string; readonly updates: number }[] = [];
  #ownUpdates = 0;
  #count = 0;
  /** By key, in order of use, the most recent last. */
  readonly #recent = new Map<string, readonly Update[] | Promise<readonly Update[] | undefined>>();
  /** Ended processes, each with the time of discovery in milliseconds of the monotonic clock. */
  readonly #ended = new Map<string, number>();

  constructor(options: PresenceLogOptions) {
    this.#options = options;
  }

  /** Tells whether a record of the journal stands for updates of presence. */
  isNote({ type, topics }: JournalRecord): boolean {
    return type === NOTE_TYPE && topics[0] === this.#options.topic;
  }

  /** @param node - The process that keeps the changes. */
  prepare(node: string, documents: readonly SubscriptionDocument[]): PreparedLog {
    const { topic, limit, eventOf } = this.#options;
    const key = `${PREFIX}${node}/${(++this.#count).toString(36).padStart(8, "0")}`;
    let dropped = 0;
    let left = this.#ownUpdates + documents.length;
    while (left > limit && dropped < this.#own.length) left -= this.#own[dropped++]?.updates ?? 0;
    const drops = this.#own.slice(0, dropped).map((entry): StateStep => ({ key: entry.key, value: undefined }));
    // Before the commit, because followers may get the note before the commit returns.
    this.#remember(key, documents.map(eventOf));
    return {
      note: noteOf(topic, key),
      steps: [{ key, value: JSON.stringify(documents) }, ...drops],
      committed: () => {
        for (const entry of this.#own.splice(0, dropped)) this.#recent.delete(entry.key);
        this.#own.push({ key, updates: documents.length });
        this.#ownUpdates = left;
      },
    };
  }

  /**
   * Finds the updates of a note.
   *
   * @returns A promise only if the table has to be asked. Undefined if the updates are no longer
   *   kept.
   */
  updatesOf({ data: key }: JournalRecord): readonly Update[] | Promise<readonly Update[] | undefined> {
    const known = this.#recent.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    const reading = this.#read(key);
    this.#remember(key, reading);
    // The next caller asks again if the read failed or found nothing.
    const settle = (updates?: readonly Update[]): void => {
      if (updates === undefined) this.#recent.delete(key);
      else if (this.#recent.has(key)) this.#recent.set(key, updates);
    };
    reading.then(settle, () => settle());
    return reading;
  }

  /**
   * Removes the entries of processes that ended a while ago. @param isKnown - Tells whether a
   * process is running.
   */
  async sweep(isKnown: (node: string) => Promise<boolean>, now: number): Promise<void> {
    const { state } = this.#options;
    const gone = new Set<string>();
    for (let after: string | undefined; ;) {
      const [entry] = await state.entries(PREFIX, { after, limit: 1 });
      const node = entry?.key.slice(PREFIX.length).split("/", 1)[0];
      if (node === undefined) break;
      if (!(await isKnown(node))) gone.add(node);
      // A key after all keys of this process.
      after = `${PREFIX}${node}/~`;
    }
    for (const node of this.#ended.keys()) if (!gone.has(node)) this.#ended.delete(node);
    for (const node of gone) {
      const since = this.#ended.get(node) ?? now;
      this.#ended.set(node, since);
      if (now - since < ENDED_MS) continue;
      for await (const { key } of allEntries(state, `${PREFIX}${node}/`)) await state.commit([{ key, value: undefined }]);
      this.#ended.delete(node);
    }
  }

  async #read(key: string): Promise<readonly Update[] | undefined> {
    const [entry] = await this.#options.state.entries(key, { limit: 1 });
    if (entry?.key !== key) return undefined;
    return (JSON.parse(entry.value) as readonly SubscriptionDocument[]).map(this.#options.eventOf);
  }

  #remember(key: string, updates: readonly Update[] | Promise<readonly Update[] | undefined>): void {
    this.#recent.delete(key);
    this.#recent.set(key, updates);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= REMEMBERED) return;
      this.#recent.delete(oldest);
    }
  }
}
