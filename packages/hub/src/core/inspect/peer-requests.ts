import type { Logger } from "../logger.ts";
import type { PeerAnswers, Peers } from "../journal/peers.ts";

/** Id of a process without peers, and of the first of several. */
export const ALONE = "0";

/** A request on its way between processes. */
interface NamedRequest {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Requests between processes by name, each with its handler in this process. The name stands for
 * the shape of its values, so another shape needs another name. A process that does not know the
 * name has no answer.
 */
export class PeerRequests {
  readonly #peers: Peers | undefined;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, (value: unknown) => unknown>();
  readonly #stop: () => void;

  constructor(peers: Peers | undefined, logger: Logger) {
    this.#peers = peers;
    this.#logger = logger;
    this.#stop = peers?.answer((request) => this.#answer(request)) ?? (() => undefined);
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
    const request: NamedRequest = { name, value };
    return this.#peers?.ask(request, isEnough) ?? Promise.resolve({ answers: [], silent: 0 });
  }

  /**
   * Registers the handler of a request. A handler that was there before is replaced.
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

  async #answer(request: unknown): Promise<unknown> {
    const { name, value } = request as NamedRequest;
    try {
      return await this.#handlers.get(name)?.(value);
    } catch (error) {
      this.#logger.warn({ err: error, question: name }, "could not answer another process");
      throw error;
    }
  }
}
