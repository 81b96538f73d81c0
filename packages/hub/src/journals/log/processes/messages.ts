import { ERROR_CODES, type ErrorCode, HubError } from "../../../core/errors.ts";
import type { StateEntry } from "../../../core/journal/state.ts";
import { MalformedFrame } from "./frames.ts";
import type { LogOutcome, LogPlace } from "../files/log-access.ts";

/** Version of the protocol. A change of frames or of the encoded appends raises it. */
export const PROTOCOL = 1;
const MAGIC = "artesian-log";
const EPOCH_BYTES = 8;
const PLACE_BYTES = EPOCH_BYTES + 6 * 8;
const APPENDED_BYTES = 12;
const NO_OUTCOME = "The outcome of a key is not valid.";

/** The first frame of a follower. Its form is the same in all versions. */
export function encodeHello(): Buffer {
  return Buffer.from(`${MAGIC} ${PROTOCOL}`);
}

/** @returns The follower's version. @throws MalformedFrame */
export function decodeHello(content: Buffer): number {
  const [, version] = /^artesian-log (\d{1,9})$/.exec(content.toString("latin1")) ?? [];
  if (version === undefined) throw new MalformedFrame("The first frame is no greeting.");
  return Number(version);
}

export function encodePlace({ epoch, restoredUpTo, head, tail, bytes, segment, position }: LogPlace): Buffer {
  const content = Buffer.allocUnsafe(PLACE_BYTES);
  content.write(epoch, 0, EPOCH_BYTES, "latin1");
  let at = EPOCH_BYTES;
  for (const number of [restoredUpTo, head, tail, bytes, segment, position]) at = content.writeDoubleBE(number, at);
  return content;
}

/** @throws MalformedFrame */
export function decodePlace(content: Buffer): LogPlace {
  if (content.length !== PLACE_BYTES) throw new MalformedFrame("A place has another length.");
  const epoch = content.toString("latin1", 0, EPOCH_BYTES);
  const [restoredUpTo = 0, head = 0, tail = 0, bytes = 0, segment = 0, position = 0] = Array.from({ length: 6 }, (_, i) => {
    const number = content.readDoubleBE(EPOCH_BYTES + 8 * i);
    if (!Number.isSafeInteger(number) || number < 0) throw new MalformedFrame("A number of a place is not valid.");
    return number;
  });
  if (!/^[0-9A-Za-z]{8}$/.test(epoch) || head < 1 || head > tail + 1) throw new MalformedFrame("A place is not valid.");
  return { epoch, restoredUpTo, head, tail, bytes, segment, position };
}

export function encodeAppended({ first, count }: Extract<LogOutcome, { kind: "appended" }>): Buffer {
  const content = Buffer.allocUnsafe(APPENDED_BYTES);
  content.writeDoubleBE(first, 0);
  content.writeUInt32BE(count, 8);
  return content;
}

/** @throws MalformedFrame */
export function decodeAppended(content: Buffer): LogOutcome {
  if (content.length !== APPENDED_BYTES) throw new MalformedFrame("An outcome has another length.");
  const first = content.readDoubleBE(0);
  if (!Number.isSafeInteger(first)) throw new MalformedFrame("An offset is not valid.");
  return { kind: "appended", first, count: content.readUInt32BE(8) };
}

/** The cause goes along as a text, for the log of the follower's process. */
export function encodeError(error: unknown): Buffer {
  if (!(error instanceof HubError)) return encodeJson({ code: "internal", detail: "The journal's writer failed.", cause: String(error) });
  const { code, message, retryAfterMs, cause } = error;
  return encodeJson({ code, detail: message, retryAfterMs, cause: cause === undefined ? undefined : textOf(cause) });
}

/** @throws MalformedFrame */
export function decodeError(content: Buffer): HubError {
  const { code, detail, retryAfterMs, cause } = (decodeJson(content) ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || !Object.hasOwn(ERROR_CODES, code) || typeof detail !== "string") {
    throw new MalformedFrame("An error is not valid.");
  }
  return new HubError(code as ErrorCode, detail, {
    ...(typeof cause === "string" && { cause: new Error(cause) }),
    ...(typeof retryAfterMs === "number" && { retryAfterMs }),
  });
}

/** A page of the shared table that a follower asks for. */
export interface EntriesRequest {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly maxLength?: number | undefined;
}

export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value ?? null));
}

/** @throws MalformedFrame */
export function decodeJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch (error) {
    throw new MalformedFrame("A frame has no JSON.", { cause: error });
  }
}

/** @throws MalformedFrame */
export function decodeEntriesRequest(content: Buffer): EntriesRequest {
  const request = decodeJson(content) as EntriesRequest | null;
  const isValid =
    typeof request === "object" &&
    request !== null &&
    typeof request.prefix === "string" &&
    (request.after === undefined || typeof request.after === "string") &&
    typeof request.limit === "number" &&
    (request.maxLength === undefined || typeof request.maxLength === "number");
  if (!isValid) throw new MalformedFrame("A request for entries is not valid.");
  return request;
}

/** @throws MalformedFrame */
export function decodeKeyRequest(content: Buffer): readonly [digest: string, request: string] {
  const request = decodeJson(content);
  if (!Array.isArray(request) || typeof request[0] !== "string" || typeof request[1] !== "string") {
    throw new MalformedFrame("A request for a key is not valid.");
  }
  return [request[0], request[1]];
}

/** @throws MalformedFrame */
export function decodeOffsets(content: Buffer): readonly number[] {
  const offsets = decodeJson(content);
  if (!Array.isArray(offsets) || !offsets.every(Number.isSafeInteger)) throw new MalformedFrame("Offsets are not valid.");
  return offsets as readonly number[];
}

/** @throws MalformedFrame */
export function decodeEntries(content: Buffer): readonly StateEntry[] {
  const entries = decodeJson(content);
  const isEntry = (entry: unknown): boolean =>
    typeof entry === "object" &&
    entry !== null &&
    typeof Reflect.get(entry, "key") === "string" &&
    typeof Reflect.get(entry, "value") === "string";
  if (!Array.isArray(entries) || !entries.every(isEntry)) throw new MalformedFrame("Entries are not valid.");
  return entries as readonly StateEntry[];
}

/** @returns Undefined if the key is not known. @throws MalformedFrame */
export function decodeKnown(content: Buffer): Exclude<LogOutcome, { kind: "appended" }> | undefined {
  const known = decodeJson(content) as Readonly<Record<string, unknown>> | null;
  if (known === null) return undefined;
  if (known.kind === "reused") return { kind: "reused" };
  const { kind, offsets, answer } = known;
  if (kind !== "repeated" || !Array.isArray(offsets) || !offsets.every(Number.isSafeInteger)) throw new MalformedFrame(NO_OUTCOME);
  if (answer !== undefined && typeof answer !== "string") throw new MalformedFrame(NO_OUTCOME);
  return { kind: "repeated", offsets: offsets as readonly number[], answer };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
