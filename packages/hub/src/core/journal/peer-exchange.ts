import { PEER_TEXT_LENGTH, PEER_WAIT_MS, type PeerAnswer, type PeerAnswers, type PeerBus, type Peers } from "./peers.ts";
import { after, monotonicMs } from "../scheduler.ts";

/** Most questions of this process that may wait for answers. Further questions get no answers. */
const MOST_ASKED = 1000;
/** Silence in milliseconds after which a process counts as gone. */
const FORGOTTEN_MS = 60_000;

/** A message between processes. */
type Envelope =
  /**
   * A question without content is a greeting, and is answered too. So each process gets to know the
   * others.
   */
  { readonly ask: string; readonly value?: unknown } | { readonly answer: string; readonly value?: unknown } | { readonly bye: true };

/** A question that waits for answers. */
interface Asked {
  readonly answers: Map<string, PeerAnswer>;
  /** Processes that have not answered yet, or undefined if the processes are not known yet. */
  readonly waitsFor: Set<string> | undefined;
  readonly isEnough: ((answer: unknown) => boolean) | undefined;
  readonly settle: () => void;
}

/**
 * {@link Peers} over a bus. Each process knows the others by their messages. A process that lets a
 * question go unanswered is not waited for again until it sends something. A suspended process
 * costs one wait, not one for each question.
 */
export class PeerExchange implements Peers {
  readonly id: string;
  readonly #bus: PeerBus;
  readonly #waitMs: number;
  /**
   * The other processes, with the start of each one's silence in milliseconds of the monotonic
   * clock. 0 means well.
   */
  readonly #others = new Map<string, number>();
  readonly #asked = new Map<string, Asked>();
  readonly #stopListening: () => void;
  /** A successor with the same id must not take answers meant for its predecessor. */
  readonly #session = crypto.randomUUID();
  readonly #knowsAllAtMs: number;
  #answer: ((question: unknown) => unknown) | undefined;
  #count = 0;
  #isClosed = false;

  /** @param waitMs - Longest wait for an answer, in milliseconds. Default {@link PEER_WAIT_MS}. */
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

  /** Tells the others to wait for this process no longer. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    for (const { settle } of this.#asked.values()) settle();
    this.#post({ bye: true });
  }

  /** @returns Undefined while older processes may not have been heard yet. */
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
      // The answering process has logged the failure. The asking process gets no answer.
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
    // A text that is too long counts as no answer, without a wait.
    if (text.length <= PEER_TEXT_LENGTH) this.#bus.post(text, to);
    else if ("answer" in envelope) this.#bus.post(JSON.stringify({ answer: envelope.answer }), to);
  }
}

/** @returns Undefined if the text is not from a process like this one. */
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
