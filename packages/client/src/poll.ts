import { ClientError } from "./error.ts";
import type { ClientEvent } from "./event-parser.ts";
import { type Exchange, exchangeObject } from "./requests.ts";

/** The answer to a poll. */
export interface Polled {
  readonly events: readonly ClientEvent[];
  /** The cursor to go on from. */
  readonly cursor: string | undefined;
  /** The data of `hub:drain`, if the hub goes away. */
  readonly drain: Readonly<Record<string, unknown>> | undefined;
}

interface Answer {
  readonly updates: readonly ClientEvent[];
  readonly gap: unknown;
  readonly cursor: string;
  readonly drain: Readonly<Record<string, unknown>>;
}

/**
 * Asks for the updates since a cursor.
 *
 * @param request - `url` with the matchers, `init` with the token. `timeoutMs` covers `waitS`.
 * @param waitS - How long the hub may wait for an update, in seconds.
 * @throws ClientError
 */
export async function poll({ url, ...rest }: Exchange, cursor: string | undefined, waitS: number): Promise<Polled> {
  const target = new URL(url);
  target.searchParams.set("wait", `${waitS}`);
  if (cursor !== undefined) target.searchParams.set("last_event_id", cursor);
  const answer = await exchangeObject({ ...rest, url: target });
  const { updates, gap, cursor: next, drain } = answer as Partial<Answer>;
  // A page, or the answer of a server that does not know of polls.
  if (!Array.isArray(updates) || !updates.every(isUpdate) || typeof next !== "string") {
    throw new ClientError("The answer is not that of a poll. Check the URL.", { code: "not_a_stream", status: 200 });
  }
  const events = updates.map(({ type = "message", ...update }) => ({ ...update, type }));
  if (gap) events.unshift({ id: undefined, type: "hub:gap", data: JSON.stringify(gap) });
  return { events, cursor: next, drain };
}

function isUpdate(update: Partial<ClientEvent> | null): boolean {
  return typeof update?.data === "string" && Array.isArray(update.topics ?? []);
}
