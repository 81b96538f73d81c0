import { type AddedFeeds, type AddFeeds, REFUSALS } from "../../server/adding-feeds.ts";
import { FEEDS_PATH } from "../../server/wire.ts";
import type { FeedsTexts } from "./texts.en.ts";

const TIMEOUT_MS = 20_000;

/** Why feeds were not added or removed. */
export interface FeedsProblem {
  readonly problem: keyof FeedsTexts["problems"];
  readonly status: number;
}

/** Adds feeds. Never throws. */
export async function addFeeds(feeds: AddFeeds["feeds"]): Promise<AddedFeeds | FeedsProblem> {
  const answer = await send("POST", FEEDS_PATH, JSON.stringify({ feeds } satisfies AddFeeds));
  if ("problem" in answer) return answer;
  try {
    const { added, refused } = (await answer.json()) as AddedFeeds;
    return { added, refused: refused.filter(({ code }) => REFUSALS.includes(code)) };
  } catch {
    // A proxy's answer.
    return { problem: "no_answer", status: 0 };
  }
}

/** Removes an added feed. Never throws. Returns undefined if the feed is gone. */
export async function removeFeed(name: string): Promise<FeedsProblem | undefined> {
  const answer = await send("DELETE", `${FEEDS_PATH}?${new URLSearchParams({ name }).toString()}`);
  return "problem" in answer && answer.status !== 404 ? answer : undefined;
}

async function send(method: string, path: string, body: string | null = null): Promise<Response | FeedsProblem> {
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(path, { method, headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return response;
    const { code } = (await response.json().catch(() => ({}))) as { readonly code?: unknown };
    const problem = code === "unavailable" || code === "not_removable" ? code : "other";
    return { problem, status: response.status };
  } catch {
    // No network, or no answer in time.
    return { problem: "no_answer", status: 0 };
  }
}
