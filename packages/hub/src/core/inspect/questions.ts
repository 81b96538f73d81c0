import type { Logger } from "../logger.ts";
import type { PeerAnswers, Peers } from "../journal/peers.ts";

/** Id of a process without peers, and of the first of several. */
export const ALONE = "0";

interface Named {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Questions by name, each with its handler in this process. The name stands for the shape of its
 * values, so another shape needs another name. A process that does not know the name has no answer.
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

  /** Whether other processes may answer. */
  get reachOthers(): boolean {
    return this.#peers !== undefined;
  }

  /** Asks all the other processes. See {@link Peers.ask}. */
  ask(name: string, value: unknown, isEnough?: (answer: unknown) => boolean): Promise<PeerAnswers> {
    const question: Named = { name, value };
    return this.#peers?.ask(question, isEnough) ?? Promise.resolve({ answers: [], silent: 0 });
  }

  /**
   * Registers the handler of a question. A handler that was there before is replaced.
   *
   * @param handler - Returns plain data. Undefined is no answer.
   * @returns Stops answering.
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
