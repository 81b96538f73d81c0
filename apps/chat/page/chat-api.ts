import type { ChatState } from "../server/wire.ts";

/** Longest wait for an answer, in milliseconds; then it is asked for again. */
const TIMEOUT_MS = 10_000;

export interface OutgoingMessage {
  readonly id: string;
  readonly visitor: string;
  readonly nickname: string;
  readonly text: string;
}

/** What became of a message: taken; refused for good; or not known, so to be sent again under the same id. */
export type SendOutcome =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly detail: string; readonly code: string | undefined }
  | { readonly kind: "later"; readonly waitMs: number };

export async function fetchState(room: string, visitor: string, signal: AbortSignal): Promise<ChatState> {
  const response = await fetch(`/chat/${room}/state?visitor=${encodeURIComponent(visitor)}`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (!response.ok) throw new Error(`The room answered ${response.status}.`);
  return (await response.json()) as ChatState;
}

export async function sendMessage(room: string, message: OutgoingMessage): Promise<SendOutcome> {
  let response: Response;
  try {
    response = await fetch(`/chat/${room}/messages`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    // Lost on the way there or back. The server recognises the id if it had arrived.
    return { kind: "later", waitMs: 0 };
  }
  if (response.ok) return { kind: "taken" };
  if (response.status === 429 || response.status === 408 || response.status >= 500) {
    return { kind: "later", waitMs: Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0 };
  }
  const problem: unknown = await response.json().catch(() => undefined);
  const field = (name: string): string | undefined => {
    const value: unknown = typeof problem === "object" && problem !== null ? Reflect.get(problem, name) : undefined;
    return typeof value === "string" ? value : undefined;
  };
  return { kind: "refused", detail: field("detail") ?? `The server answered ${response.status}.`, code: field("code") };
}
