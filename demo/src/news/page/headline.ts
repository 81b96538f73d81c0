import type { FeedStatus, StatusUpdate } from "../server/wire.ts";
import { isUrl } from "../../stand-ins.ts";

/** A headline as the page has it. */
export interface Headline {
  readonly id: string;
  readonly feed: string;
  readonly feedTitle: string;
  readonly title: string;
  /** http or https. */
  readonly link: string | undefined;
  readonly summary: string | undefined;
  readonly author: string | undefined;
  /** Path of the picture on this server. */
  readonly picture: string | undefined;
  /**
   * The headline's time, in milliseconds since 1970. The feed's date of the item or its neighbours,
   * but not later than the server saw the item.
   */
  readonly at: number;
  /** When the server saw the headline, in milliseconds since 1970. */
  readonly seenAt: number;
}

const MAX_TEXT = 2048;

/**
 * Reads an update's data. Data of another shape is no headline, because it may come from another
 * version, or from elsewhere.
 */
export function parseHeadline(data: string): Headline | undefined {
  const value = parseObject(data);
  const feed = objectOf(value?.["feed"]);
  const id = textOf(value?.["id"]);
  const title = textOf(value?.["title"]);
  const name = textOf(feed?.["name"]);
  const seenAt = timeOf(value?.["seen"]);
  if (id === undefined || title === undefined || name === undefined || seenAt === undefined) return undefined;
  return {
    id,
    feed: name,
    feedTitle: textOf(feed?.["title"]) ?? name,
    title,
    link: safeLink(value?.["link"]),
    summary: textOf(value?.["summary"]),
    author: textOf(value?.["author"]),
    picture: pictureOf(value?.["picture"]),
    at: Math.min(timeOf(value?.["published"]) ?? timeOf(value?.["around"]) ?? seenAt, seenAt),
    seenAt,
  };
}

/** Reads the states of feeds, from the stream or from the server's answer. */
export function parseStatuses(data: string): readonly FeedStatus[] {
  const feeds = parseObject(data)?.["feeds"];
  if (!Array.isArray(feeds)) return [];
  return (feeds as unknown[]).filter(isStatus).map((status) => {
    const { address } = status as Partial<FeedStatus>;
    return {
      ...status,
      link: safeLink(status.link),
      address: textOf(address) ?? status.name,
    };
  });
}

/** Whether an update of type `status` says that feeds were added or removed. */
export function isOtherList(data: string): boolean {
  return parseObject(data)?.["isOtherList"] === true;
}

function isStatus(value: unknown): value is StatusUpdate["feeds"][number] {
  const status = objectOf(value);
  return (
    status !== undefined &&
    [status["name"], status["title"], status["topic"]].every((text) => typeof text === "string" && text !== "") &&
    typeof status["version"] === "number" &&
    typeof status["intervalMs"] === "number"
  );
}

/**
 * Returns the address if it is safe. The server lets no other address through, but a page with
 * links must not rely on that.
 */
export function safeLink(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_TEXT || !isUrl(value)) return undefined;
  const { protocol, href } = new URL(value);
  return protocol === "http:" || protocol === "https:" ? href : undefined;
}

/** Only a path of this server: a page that shows pictures must not ask others. */
function pictureOf(value: unknown): string | undefined {
  return typeof value === "string" && /^\/news\/picture\/[\w/-]{1,3000}$/.test(value) ? value : undefined;
}

function parseObject(data: string): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(data));
  } catch {
    // Not JSON.
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_TEXT) : undefined;
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
