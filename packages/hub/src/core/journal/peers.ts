/** How long whoever asks its peers waits at the most, in milliseconds: a process that is suspended or hung costs this and no more. */
export const PEER_WAIT_MS = 1000;
/** Longest text of a question or an answer, in characters: what travels between processes stays small. */
export const PEER_TEXT_LENGTH: number = 1024 * 1024;

/** What the other processes of a journal answered. */
export interface PeerAnswers {
  /** At most one of each process, in no order. */
  readonly answers: readonly PeerAnswer[];
  /** How many of the processes that are known did not answer in time, or could not. */
  readonly silent: number;
}

/** What one process answered: plain data, as JSON has it. */
export interface PeerAnswer {
  /** {@link Peers.id} of the process. */
  readonly from: string;
  readonly value: unknown;
}

/**
 * An optional capability of a {@link Journal}: its processes ask each other small questions, such as who holds a stream. Updates never travel this
 * way, and nothing depends on an answer but what was asked: a question or an answer may be lost.
 */
export interface Peers {
  /** Names this process among those of the journal. The same for the one that takes its place, where that can be had. */
  readonly id: string;

  /**
   * Asks all the others at once. Never rejects.
   *
   * @param question - Plain data, as JSON has it.
   * @param isEnough - Whether an answer makes the others needless: then they are not waited for.
   * @returns Within {@link PEER_WAIT_MS}: as soon as all that are known to be well have answered.
   */
  ask(question: unknown, isEnough?: (answer: unknown) => boolean): Promise<PeerAnswers>;

  /**
   * Answers what the others ask, from now on; one at a time does.
   *
   * @param answer - Plain data; undefined, or a failure, is no answer.
   * @returns Stops answering.
   */
  answer(answer: (question: unknown) => unknown): () => void;
}

/**
 * What carries texts between the processes of a journal: a primary that started them, a channel of a broker. It may lose texts, and
 * must keep none for a process that does not take them. A process may get its own.
 */
export interface PeerBus {
  /** See {@link Peers.id}. */
  readonly id: string;
  /**
   * Sends a text of at most {@link PEER_TEXT_LENGTH} characters. Must not throw.
   *
   * @param to - The one that it is for, where that is one; it does no harm where others get it too. Default: all others.
   */
  readonly post: (text: string, to?: string) => void;
  /** Calls back with what the others post. @returns Stops. */
  readonly listen: (listener: PeerListener) => () => void;
}

/** What a bus tells. */
export interface PeerListener {
  readonly heard: (text: string, from: string) => void;
  /** A process has ended, where the bus finds out: it is not waited for. */
  readonly gone: (id: string) => void;
}
