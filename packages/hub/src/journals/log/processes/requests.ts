import { HubError } from "../../../core/errors.ts";
import type { StateEntry } from "../../../core/journal/state.ts";
import { MalformedFrame, MAX_FRAME_BYTES, KIND, type RequestKind } from "./frames.ts";
import type { LogOutcome, LogPlace, LogWriterAccess } from "../files/log-access.ts";
import { decodeAppended, decodeEntries, decodeKnown, decodeOffsets, decodePlace, encodeJson, type EntriesRequest } from "./messages.ts";

/** Longest wait for the outcome of a request, in milliseconds. */
export const REQUEST_MS = 10_000;
/** Delay in milliseconds after which a publisher may try again. */
const RETRY_AFTER_MS = 2000;

/** A question to the writer, which may be this process or another. */
export interface WriterRequest<T> {
  readonly kind: RequestKind;
  /** As sent to another process. */
  readonly content: Buffer;
  /** Whether a second attempt does no harm after the outcome of the first was lost. */
  readonly isRepeatable: boolean;
  /** Asks the writer of this process. */
  readonly run: (writer: LogWriterAccess) => Promise<T>;
  /** Decodes the answer of another process. @throws MalformedFrame */
  readonly decode: (kind: number, content: Buffer) => T;
}

/**
 * @param content - See `encodeAppend`.
 * @param isKeyed - Whether the append has an idempotency key.
 * @throws HubError `too_large`
 */
export function appendRequest(content: Buffer, isKeyed: boolean): WriterRequest<LogOutcome> {
  if (content.length > MAX_FRAME_BYTES) {
    throw new HubError("too_large", `The updates of one publish have more than ${MAX_FRAME_BYTES} bytes. Publish them in parts.`);
  }
  return {
    kind: "append",
    content,
    isRepeatable: isKeyed,
    run: (writer) => writer.append(content),
    decode: (kind, answer) => (kind === KIND.appended ? decodeAppended(answer) : known(decodeKnown(answer))),
  };
}

export function entriesRequest({ prefix, after, limit, maxLength }: EntriesRequest): WriterRequest<readonly StateEntry[]> {
  const options = { after, limit: finite(limit), ...(maxLength !== undefined && { maxLength: finite(maxLength) }) };
  return {
    kind: "entries",
    content: encodeJson({ prefix, ...options }),
    isRepeatable: true,
    run: (writer) => writer.entries(prefix, options),
    decode: (_kind, answer) => decodeEntries(answer),
  };
}

export function findIdRequest(id: string): WriterRequest<readonly number[]> {
  return {
    kind: "findId",
    content: Buffer.from(id),
    isRepeatable: true,
    run: (writer) => writer.findId(id),
    decode: (_kind, answer) => decodeOffsets(answer),
  };
}

export function findKeyRequest(digest: string, request: string): WriterRequest<ReturnType<typeof decodeKnown>> {
  return {
    kind: "findKey",
    content: encodeJson([digest, request]),
    isRepeatable: true,
    run: (writer) => writer.findKey(digest, request),
    decode: (_kind, answer) => decodeKnown(answer),
  };
}

export function placeRequest(): WriterRequest<LogPlace> {
  return {
    kind: "place",
    content: Buffer.alloc(0),
    isRepeatable: true,
    run: (writer) => Promise.resolve(writer.place),
    decode: (_kind, answer) => decodePlace(answer),
  };
}

/** A request that waits for its outcome. */
export class WaitingRequest<T = unknown> {
  readonly request: WriterRequest<T>;
  readonly outcome: Promise<T>;
  /** Time of the monotonic clock. */
  readonly untilMs: number;
  /** Whether the present writer may have carried the request out. */
  wasSent = false;
  /** Whether an earlier writer may have. */
  isInDoubt = false;
  isSettled = false;
  #resolve: (outcome: T) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  readonly #onSettled: () => void;

  /** @param onSettled - Called once, when the request waits for no other process any more. */
  constructor(request: WriterRequest<T>, untilMs: number, onSettled: () => void) {
    this.request = request;
    this.untilMs = untilMs;
    this.#onSettled = onSettled;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get bytes(): number {
    return this.request.content.length;
  }

  runOn(writer: LogWriterAccess): void {
    this.#settle();
    this.request.run(writer).then(this.#resolve, this.#reject);
  }

  /** @throws MalformedFrame */
  answer(kind: number, content: Buffer): void {
    const outcome = this.request.decode(kind, content);
    this.#settle();
    this.#resolve(outcome);
  }

  reject(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  /** Rejects since no outcome came in time, or none can come. */
  giveUp(): void {
    this.reject(
      (this.wasSent || this.isInDoubt) && this.request.kind === "append"
        ? new HubError("outcome_unknown", "The process that writes the journal did not answer. The update may be published or not.", {
            retryAfterMs: RETRY_AFTER_MS,
          })
        : new HubError("journal_unavailable", "The process that writes the journal cannot be reached. Try again in a moment.", {
            retryAfterMs: RETRY_AFTER_MS,
          }),
    );
  }

  #settle(): void {
    this.isSettled = true;
    this.#onSettled();
  }
}

function known<T>(outcome: T | undefined): T {
  if (outcome === undefined) throw new MalformedFrame("The outcome of an append is missing.");
  return outcome;
}

/** JSON has no infinity. */
function finite(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
