import { ClientError } from "artesian-client";
import { roomPath } from "../server/room-name.ts";
import {
  type BotRequest,
  type ChatMessage,
  type ChatPage,
  type ChatState,
  type ChatToken,
  type ChatUnread,
  type Moderation,
  OWNER_HEADER,
  type ReactionRequest,
  type ReplyTo,
  type SeenRoom,
  type TypingRequest,
} from "../server/wire.ts";

/** Longest wait for an answer, in milliseconds. Then the request is repeated. */
const TIMEOUT_MS = 10_000;

/** Source of tokens for the requests. */
export interface TokenHolder {
  current(): Promise<string>;
  drop(token: string): void;
}

export interface OutgoingMessage {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  readonly replyTo?: ReplyTo | undefined;
}

/** Why the server refused a message. */
export interface Refusal {
  /** The reason of the problem details, or their code. */
  readonly code: string | undefined;
  readonly status: number;
  /** The server's own words, which are English. */
  readonly detail: string;
}

/**
 * The outcome of a message: accepted, refused permanently, or unknown. An unknown message is sent
 * again under the same id.
 */
export type SendOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "later"; readonly waitMs: number };

/** @throws ClientError, with the status if the server answered. */
export async function askToken(room: string): Promise<ChatToken> {
  const response = await ask(`${roomPath(room)}/token`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as ChatToken;
}

/** @throws ClientError, with the status if the server answered. */
export async function fetchState(room: string, tokens: TokenHolder): Promise<ChatState> {
  const response = await withToken(tokens, `${roomPath(room)}/state`);
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as ChatState;
}

/** @throws ClientError, with the status if the server answered. */
export async function fetchEarlier(room: string, { id, at }: ChatMessage, tokens: TokenHolder): Promise<ChatPage> {
  const query = new URLSearchParams({ before: id, at: String(at) });
  const response = await withToken(tokens, `${roomPath(room)}/history?${query}`);
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as ChatPage;
}

/** Counts the unread messages of some rooms. @throws ClientError, with the status if the server answered. */
export async function fetchUnread(room: string, seen: readonly SeenRoom[], tokens: TokenHolder): Promise<ChatUnread["unread"]> {
  const query = new URLSearchParams(seen.map(({ room: other, id }) => ["seen", `${other}/${id}`]));
  const response = await withToken(tokens, `${roomPath(room)}/unread?${query}`);
  if (!response.ok) throw await errorOf(response);
  return ((await response.json()) as ChatUnread).unread;
}

/** @throws ClientError, with the status if the server answered. */
export async function moderate(room: string, wish: Moderation, secret: string): Promise<void> {
  const response = await ask(`${roomPath(room)}/moderation`, {
    method: "POST",
    headers: { "Content-Type": "application/json", [OWNER_HEADER]: secret },
    body: JSON.stringify(wish),
  });
  if (!response.ok) throw await errorOf(response);
}

export async function sendMessage(room: string, message: OutgoingMessage, tokens: TokenHolder): Promise<SendOutcome> {
  let response: Response;
  try {
    response = await post(room, "messages", message, tokens);
  } catch (error) {
    // The request or its answer was lost, or no token is available now. The server recognises the
    // id if the message had arrived.
    return { kind: "later", waitMs: error instanceof ClientError ? (error.retryAfterMs ?? 0) : 0 };
  }
  if (response.ok) return { kind: "taken" };
  const error = await errorOf(response);
  // 401: not even a new token is accepted, which no change of the message would mend.
  if (error.temporary || error.status === 401) return { kind: "later", waitMs: error.retryAfterMs ?? 0 };
  return { kind: "refused", refusal: { code: error.code, status: response.status, detail: error.message } };
}

/** Tells that the visitor types. A sign that is lost is no harm. */
export async function sendTyping(room: string, nickname: string, tokens: TokenHolder): Promise<void> {
  await post(room, "typing", { nickname } satisfies TypingRequest, tokens).catch(() => undefined);
}

/** @returns Whether the server took the reaction. */
export async function sendReaction(room: string, reaction: ReactionRequest, tokens: TokenHolder): Promise<boolean> {
  return await post(room, "reactions", reaction, tokens).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** @returns Whether the server took the asker's wish. */
export async function sendBotRequest(room: string, request: BotRequest, tokens: TokenHolder): Promise<boolean> {
  try {
    return (await post(room, "bot", request, tokens)).ok;
  } catch {
    // The server is away. The page tells the visitor.
    return false;
  }
}

function post(room: string, resource: string, body: object, tokens: TokenHolder): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return withToken(tokens, `${roomPath(room)}/${resource}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * Sends a request, and once more with another token. A token may expire, or its key change, between
 * two requests.
 */
async function withToken(tokens: TokenHolder, path: string, init: RequestInit = {}): Promise<Response> {
  for (let isRetry = false; ; isRetry = true) {
    const token = await tokens.current();
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${token}`);
    const response = await ask(path, { ...init, headers });
    if (response.status !== 401) return response;
    tokens.drop(token);
    if (isRetry) return response;
  }
}

/** @throws ClientError if there is no answer. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    const code = cause instanceof DOMException && cause.name === "TimeoutError" ? "timeout" : "unreachable";
    throw new ClientError("The server cannot be reached.", { code, cause });
  }
}

async function errorOf(response: Response): Promise<ClientError> {
  const { status } = response;
  const problem: unknown = await response.json().catch(() => undefined);
  const field = (name: string): string | undefined => {
    const value: unknown = typeof problem === "object" && problem !== null ? Reflect.get(problem, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ClientError(field("detail") ?? `The server answered ${status}.`, {
    code: field("reason") ?? field("code") ?? "http_error",
    status,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
}
