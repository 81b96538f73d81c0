import { ERROR_CODES, type ErrorCode } from "../../core/errors.ts";
import { STATUS_BY_CODE } from "../reply/problem.ts";
import { type Header, type MediaType, object, ref, type Response, type Responses, type Schema } from "./types.ts";

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** Refusals that no operation causes: of HTTP itself, of a full server, and of a fault. */
const ALWAYS: readonly ErrorCode[] = [
  "malformed_request",
  "headers_too_large",
  "request_timeout",
  "invalid_host",
  "host_unknown",
  "overloaded",
  "internal",
];

/** Refusals of a token. */
export const TOKEN_CODES: readonly ErrorCode[] = ["unauthorized", "invalid_token", "invalid_request", "keys_unavailable"];

/** Refusals of a token that publishes or administers. A cookie is sent by the page of any origin. */
export const PUBLISHER_CODES: readonly ErrorCode[] = [...TOKEN_CODES, "insufficient_scope", "origin_forbidden"];

/** Refusals of an operation that changes the journal. */
export const WRITE_CODES: readonly ErrorCode[] = ["journal_full", "journal_unavailable", "outcome_unknown"];

/** The schema of every refusal. */
export const PROBLEM: Schema = {
  description: "Problem details (RFC 9457).",
  ...object(
    {
      type: { const: "about:blank" },
      title: { type: "string", description: "The meaning of the code." },
      status: { type: "integer", description: "The status of the answer." },
      detail: { type: "string", description: "The fault of this request, and the remedy." },
      code: { type: "string", enum: CODES, description: "Stable: programs may compare it." },
    },
    ["type", "title", "status", "detail", "code"],
  ),
};

const RETRY_AFTER: Header = { description: "Seconds after which another attempt may help.", schema: { type: "integer", minimum: 1 } };
const CHALLENGE: Header = {
  description: "The `Bearer` scheme, the error of the token, and the URL of the hub's metadata.",
  schema: { type: "string" },
};
const ALLOW: Header = { description: "The methods of the path, of a 405.", schema: { type: "string" } };

/** Header fields that an answer with a status may have. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, Header>>>> = {
  400: { "WWW-Authenticate": CHALLENGE },
  401: { "WWW-Authenticate": CHALLENGE },
  403: { "WWW-Authenticate": CHALLENGE },
  415: { "Accept-Encoding": { description: "`identity`, if the body was compressed.", schema: { type: "string" } } },
  429: { "Retry-After": RETRY_AFTER },
  503: { "Retry-After": RETRY_AFTER },
  504: { "Retry-After": RETRY_AFTER },
};

/**
 * The answers to refused requests, by status. Refusals that the operation does not cause stand in
 * `default`, unless another one has the same status.
 */
export function problemsOf(codes: readonly ErrorCode[]): Responses {
  const responses: Record<string, Response> = {};
  const statuses = new Set(codes.map((code) => STATUS_BY_CODE[code]));
  for (const status of statuses) {
    const own = [...new Set([...codes, ...ALWAYS])].filter((code) => STATUS_BY_CODE[code] === status);
    responses[status] = {
      description: own.map((code) => `- \`${code}\`: ${ERROR_CODES[code]}`).join("\n"),
      ...(HEADERS[status] !== undefined && { headers: HEADERS[status] }),
      content: problem({ allOf: [ref("Problem"), { properties: { code: { enum: own } } }] }),
    };
  }
  return { ...responses, default: { $ref: "#/components/responses/Refused" } };
}

/** The answer to a request that is refused for a reason that is not the operation's own. */
export const REFUSED: Response = {
  description: `Any other refusal:\n${[...ALWAYS, "method_not_allowed" as const]
    .map((code) => `- ${STATUS_BY_CODE[code]} \`${code}\`: ${ERROR_CODES[code]}`)
    .join("\n")}`,
  headers: { Allow: ALLOW, "Retry-After": RETRY_AFTER },
  content: problem(ref("Problem")),
};

function problem(schema: Schema): Readonly<Record<string, MediaType>> {
  return { "application/problem+json": { schema } };
}
