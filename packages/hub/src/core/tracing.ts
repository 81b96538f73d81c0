import { HubError } from "./errors.ts";

/**
 * The spans of a hub. `publish`: one publish, from the request to its answer. `append`: the journal's
 * part of it, until the updates are flushed. `dispatch`: one batch of updates given to sockets.
 * `subscribe`: a subscription, from the request until it is live. `replay`: old updates read for one
 * subscriber.
 */
export type SpanName = "publish" | "append" | "dispatch" | "subscribe" | "replay";

/**
 * Facts about a span. Only numbers and booleans, so that no topic, data, token or subject can be
 * among them.
 */
export interface SpanFacts {
  /** Number of updates. Undefined for a publish of one. */
  readonly updates?: number | undefined;
  /** Number of topics of all updates. */
  readonly topics?: number | undefined;
  /** Bytes of the data of all updates, as UTF-8. */
  readonly bytes?: number | undefined;
  /** Whether any update is private. */
  readonly private?: boolean | undefined;
  /** Number of sockets that were given updates. */
  readonly sockets?: number | undefined;
  /** Number of matchers of a subscription. */
  readonly matchers?: number | undefined;
  /** Number of these that are patterns. */
  readonly patterns?: number | undefined;
  /** Whether the subscriber sent a cursor. */
  readonly resumed?: boolean | undefined;
  /** Whether updates are missing after the cursor. */
  readonly gap?: boolean | undefined;
  /** Whether the subscription is a poll. */
  readonly poll?: boolean | undefined;
  /** Whether the subscriber was at the newest update at the end of the span. */
  readonly live?: boolean | undefined;
  /** Number of the journal's records that were read, whether the subscriber gets them or not. */
  readonly records?: number | undefined;
  /** Number of steps in which the records were read. */
  readonly pages?: number | undefined;
}

/** A piece of work that is measured. Methods never throw, and do nothing after the end. */
export interface Span {
  set(facts: SpanFacts): void;
  /** Names another span as a cause of this one. */
  link(cause: Span): void;
  /**
   * @param failure - Code of the error with which the work ended. Undefined for success.
   * @param at - Time of the end, in milliseconds of `performance.now()`. Default: now.
   */
  end(failure?: string, at?: number): void;
}

/** The beginning of a span. */
export interface SpanStart {
  /** `server`: a peer's request. `producer`: a publish of this process. `consumer`: a delivery. */
  readonly kind: "server" | "producer" | "consumer" | "internal";
  /** The span that this one is a part of. */
  readonly parent?: Span | undefined;
  /**
   * Reads the request's header fields, which may name a remote parent. For spans without `parent`.
   * A field that is not understood is ignored.
   */
  readonly header?: ((name: string) => string | undefined) | undefined;
  /** Whether the span has no parent, even if the caller is part of another span. */
  readonly isRoot?: boolean | undefined;
}

/** Measures the hub's work. `openTelemetry()` of `artesian/opentelemetry` makes one. */
export interface Tracing {
  /** Begins a span now. Never throws. */
  begin(name: SpanName, start: SpanStart): Span;
  /** Sends the spans. Resolves when that has succeeded or failed. */
  flush?(): Promise<void>;
}

/** The code under which a span records an error. Its text may name topics, and is not recorded. */
export function failureCode(error: unknown): string {
  return error instanceof HubError ? error.code : "internal";
}

/** Ends a span with the outcome of its work. */
export async function endWith<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    const result = await work;
    span.end();
    return result;
  } catch (error) {
    span.end(failureCode(error));
    throw error;
  }
}
