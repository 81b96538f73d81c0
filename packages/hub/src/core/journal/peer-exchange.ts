import { PEER_TEXT_LENGTH, PEER_WAIT_MS, type PeerAnswer, type PeerAnswers, type PeerBus, type Peers } from "./peers.ts";
import { after, monotonicMs } from "../scheduler.ts";

/** Most questions of this process that wait for answers: who asks more is answered by nobody. */
const MOST_ASKED = 1000;
/** A process that has been silent for so long is gone, in milliseconds. */
const FORGOTTEN_MS = 60_000;

/** What processes say to each other. */
type Envelope =
  /** With nothing to ask it is a greeting, which is answered all the same: so each gets to know the others. */
  { readonly ask: string; readonly value?: unknown } | { readonly answer: string; readonly value?: unknown } | { readonly bye: true };

/** A question that waits for answers. */
interface Asked {
  readonly answers: Map<string, PeerAnswer>;
  /** Those that it still waits for; undefined where it is not known who is there. */
  readonly waitsFor: Set<string> | undefined;
  readonly isEnough: ((answer: unknown) => boolean) | undefined;
  readonly settle: () => void;
}

/**
 * {@link Peers} over a bus. Each process knows the others by what it hears of them. One that lets a question go by unanswered is not waited for
 * again until it is heard: a suspended process costs one wait, not one for each question.
 */
export class PeerExchange implements Peers {
  readonly id: string;
  readonly #bus: PeerBus;
  readonly #waitMs: number;
  /** The others, with since when each has been silent, in milliseconds of the monotonic clock; 0: it is well. */
  readonly #others = new Map<string, number>();
  readonly #asked = new Map<string, Asked>();
  readonly #stopListening: () => void;
  /** The process that has the place of another must not take what that was answered. */
  readonly #session = crypto.randomUUID();
  readonly #knowsAllAtMs: number;
  #answer: ((question: unknown) => unknown) | undefined;
  #count = 0;
  #isClosed = false;

  /** @param waitMs - How long an answer may take. Default {@link PEER_WAIT_MS}. */
  constructor(bus: PeerBus, waitMs: number = PEER_WAIT_MS) {
    this.id = bus.id;
    this.#bus = bus;
    this.#waitMs = waitMs;
    this.#knowsAllAtMs = monotonicMs() + waitMs;
    this.#stopListening = bus.listen({
      heard: (text, from) => {
        if (from !== this.id) this.#hear(text, from);
      },
      gone: (id) => this.#forget(id),
    });
    this.#post({ ask: `${this.#session}/0` });
  }

  ask(question: unknown, isEnough?: (answer: unknown) => boolean): Promise<PeerAnswers> {
    const id = `${this.#session}/${++this.#count}`;
    const text = JSON.stringify({ ask: id, value: question } satisfies Envelope);
    if (this.#isClosed || this.#asked.size >= MOST_ASKED || text.length > PEER_TEXT_LENGTH) {
      return Promise.resolve({ answers: [], silent: this.#others.size });
    }
    return new Promise((resolve) => {
      const answers = new Map<string, PeerAnswer>();
      const waitsFor = this.#whoIsWell();
      const settle = (): void => {
        stopTimer();
        this.#asked.delete(id);
        resolve({ answers: [...answers.values()], silent: [...this.#others.keys()].filter((other) => !answers.has(other)).length });
      };
      const stopTimer = after(this.#waitMs, () => {
        for (const other of waitsFor ?? []) if (this.#others.get(other) === 0) this.#others.set(other, monotonicMs());
        settle();
      });
      this.#asked.set(id, { answers, waitsFor, isEnough, settle });
      this.#bus.post(text);
      if (waitsFor?.size === 0) settle();
    });
  }

  answer(answer: (question: unknown) => unknown): () => void {
    this.#answer = answer;
    return () => {
      if (this.#answer === answer) this.#answer = undefined;
    };
  }

  /** Tells the others not to wait for this process any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    for (const { settle } of this.#asked.values()) settle();
    this.#post({ bye: true });
  }

  /** @returns undefined while those that were there before may not have been heard yet. */
  #whoIsWell(): Set<string> | undefined {
    const now = monotonicMs();
    if (now < this.#knowsAllAtMs) return undefined;
    const well = new Set<string>();
    for (const [id, silentSinceMs] of this.#others) {
      if (silentSinceMs === 0) well.add(id);
      else if (now - silentSinceMs > FORGOTTEN_MS) this.#others.delete(id);
    }
    return well;
  }

  #hear(text: string, from: string): void {
    const envelope = read(text);
    if (envelope === undefined) return;
    if ("bye" in envelope) {
      this.#forget(from);
      return;
    }
    this.#others.set(from, 0);
    if ("ask" in envelope) void this.#reply(envelope.ask, envelope.value, from);
    else this.#take(envelope.answer, from, envelope.value);
  }

  async #reply(id: string, question: unknown, to: string): Promise<void> {
    let value: unknown;
    try {
      if (question !== undefined) value = await this.#answer?.(question);
    } catch {
      // Whoever answers has told its own log; to whoever asks it is no answer.
    }
    if (!this.#isClosed) this.#post({ answer: id, value }, to);
  }

  #take(id: string, from: string, value: unknown): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    if (value !== undefined) asked.answers.set(from, { from, value });
    asked.waitsFor?.delete(from);
    if (asked.waitsFor?.size === 0 || (value !== undefined && asked.isEnough?.(value) === true)) asked.settle();
  }

  #forget(id: string): void {
    this.#others.delete(id);
    for (const { waitsFor, settle } of this.#asked.values()) {
      if (waitsFor?.delete(id) === true && waitsFor.size === 0) settle();
    }
  }

  #post(envelope: Envelope, to?: string): void {
    const text = JSON.stringify(envelope);
    // What is too long to be sent counts as no answer, and at once.
    if (text.length <= PEER_TEXT_LENGTH) this.#bus.post(text, to);
    else if ("answer" in envelope) this.#bus.post(JSON.stringify({ answer: envelope.answer }), to);
  }
}

/** @returns undefined where it is not of a process like this one. */
function read(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && ("ask" in value || "answer" in value || "bye" in value)
      ? (value as Envelope)
      : undefined;
  } catch {
    // A bus may be shared with others.
    return undefined;
  }
}
