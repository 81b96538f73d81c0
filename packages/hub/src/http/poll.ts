import type { HttpContext } from "./context.ts";
import type { Outcome } from "./respond.ts";
import type { Poll, Reply } from "./reply/reply.ts";
import type { ClosableServer } from "./sinks/closed-servers.ts";
import { PollSink } from "./sinks/poll-sink.ts";

/** A stream that is answered by its first updates. */
type PollOutcome = Extract<Outcome, { kind: "stream" }> & { readonly poll: Poll };

/** Connection of a poll. */
interface PollClient {
  readonly address: string | undefined;
  /** Whether the connection is of a server. Undefined if the runtime does not tell. */
  readonly isOf: (server: ClosableServer) => boolean;
  /** Calls the function if the client leaves. @returns Stops watching. */
  readonly whenGone: (leave: () => void) => () => void;
}

export function isPoll(outcome: Extract<Outcome, { kind: "stream" }>): outcome is PollOutcome {
  return outcome.poll !== undefined;
}

/**
 * Subscribes for a poll, and waits for its answer.
 *
 * @param close - Called once, at the end of the subscription.
 * @returns Never rejects. If the client leaves, the answer is for nobody.
 */
export function answerPoll(
  { hub, polled }: HttpContext,
  { headers, selection, start, authorization, poll, refuse, span }: PollOutcome,
  { address, isOf, whenGone }: PollClient,
  close: () => void,
): Promise<Reply> {
  const { readers, limits } = hub;
  return new Promise<Reply>((resolve) => {
    const sink = new PollSink({
      poll,
      limits,
      held: polled,
      address,
      isOf,
      finish: (subscriber) => readers.end(subscriber),
      answer: (body, isLast) => {
        stop();
        // A closed server waits for its connections to end.
        resolve({ status: 200, headers, body, closes: isLast });
      },
    });
    const stop = whenGone(() => sink.end());
    try {
      const subscriber = readers.attach(selection, sink, start, authorization, span);
      if (subscriber === undefined) close();
      else sink.bind(subscriber, close);
    } catch (error) {
      stop();
      close();
      resolve(refuse(error));
    }
  });
}
