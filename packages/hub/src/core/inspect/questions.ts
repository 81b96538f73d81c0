import type { Logger } from "../logger.ts";
import type { PeerAnswers, Peers } from "../journal/peers.ts";

/** What a process is called that has no peers, as the first of several is. */
export const ALONE = "0";

interface Named {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Questions by name, each with what answers it in this process. The name stands for the shape of its values: another shape needs another name, and a
 * process that does not know it has no answer.
 */
export class Questions {
  readonly #peers: Peers | undefined;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, (value: unknown) => unknown>();
  readonly #stop: () => void;

  constructor(peers: Peers | undefined, logger: Logger) {
    this.#peers = peers;
    this.#logger = logger;
    this.#stop = peers?.answer((question) => this.#answer(question)) ?? (() => undefined);
  }

  /** See {@link Peers.id}. */
  get id(): string {
    return this.#peers?.id ?? ALONE;
  }

  /** Whether there may be other processes that answer. */
  get reachOthers(): boolean {
    return this.#peers !== undefined;
  }

  /** Asks all the other processes; see {@link Peers.ask}. */
  ask(name: string, value: unknown, isEnough?: (answer: unknown) => boolean): Promise<PeerAnswers> {
    const question: Named = { name, value };
    return this.#peers?.ask(question, isEnough) ?? Promise.resolve({ answers: [], silent: 0 });
  }

  /**
   * Answers a question of the others, in the place of what answered it before.
   *
   * @param handler - Its answer is plain data; undefined is none.
   * @returns Stops.
   */
  answer(name: string, handler: (value: unknown) => unknown): () => void {
    this.#handlers.set(name, handler);
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name);
    };
  }

  close(): void {
    this.#stop();
  }

  async #answer(question: unknown): Promise<unknown> {
    const { name, value } = question as Named;
    try {
      return await this.#handlers.get(name)?.(value);
    } catch (error) {
      this.#logger.warn({ err: error, question: name }, "could not answer another process");
      throw error;
    }
  }
}
