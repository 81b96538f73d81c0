/**
 * Longest wait for peers, in milliseconds. A process that is suspended or hung costs this and no
 * more.
 */
export const PEER_WAIT_MS = 1000;
/**
 * Longest text of a question or an answer, in characters. Messages between processes stay small.
 */
export const PEER_TEXT_LENGTH: number = 1024 * 1024;

/** Answers of the other processes of a journal. */
export interface PeerAnswers {
  /** At most one answer per process, in no order. */
  readonly answers: readonly PeerAnswer[];
  /** Number of known processes that did not answer in time, or could not. */
  readonly silent: number;
}

/** Answer of one process: plain data, as in JSON. */
export interface PeerAnswer {
  /** {@link Peers.id} of the process. */
  readonly from: string;
  readonly value: unknown;
}

/**
 * An optional capability of a {@link Journal}: its processes ask each other small questions, such
 * as who holds a stream. Updates never travel this way. A question or an answer may be lost, so
 * nothing but the question's own result may depend on an answer.
 */
export interface Peers {
  /** Id of this process among those of the journal. A successor has the same id, if possible. */
  readonly id: string;

  /**
   * Asks all the others at once. Never rejects.
   *
   * @param question - Plain data, as in JSON.
   * @param isEnough - Whether an answer makes the others needless. The call then returns without
   *   waiting for them.
   * @returns Within {@link PEER_WAIT_MS}, as soon as all processes known to be well have answered.
   */
  ask(question: unknown, isEnough?: (answer: unknown) => boolean): Promise<PeerAnswers>;

  /**
   * Registers the one handler of the others' questions.
   *
   * @param answer - Returns plain data. Undefined, or a failure, is no answer.
   * @returns Stops answering.
   */
  answer(answer: (question: unknown) => unknown): () => void;
}

/**
 * Carries texts between the processes of a journal: a primary that started them, or a channel of a
 * broker. The bus may lose texts, and must keep none for a process that does not take them. A
 * process may get its own texts.
 */
export interface PeerBus {
  /** See {@link Peers.id}. */
  readonly id: string;
  /**
   * Sends a text of at most {@link PEER_TEXT_LENGTH} characters. Must not throw.
   *
   * @param to - The process that should get the text. Others may get the text too, without harm.
   *   Default: all others.
   */
  readonly post: (text: string, to?: string) => void;
  /** Calls back with the texts that the others post. @returns Stops. */
  readonly listen: (listener: PeerListener) => () => void;
}

/** Callbacks of a bus. */
export interface PeerListener {
  readonly heard: (text: string, from: string) => void;
  /** Called if the bus finds out that a process has ended. That process is not waited for. */
  readonly gone: (id: string) => void;
}
