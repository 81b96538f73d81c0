import { createHash } from "node:crypto";
import { readValidators, type Validators } from "../http/index.ts";
import type { SourceMemory } from "../source.ts";
import type { FeedItem } from "./item.ts";

/** What is known of a feed's items. */
export interface Seen {
  /** Whether the feed was read before, in this process or an earlier one. */
  known: boolean;
  validators: Validators | undefined;
  /** By the item's hash, what its text was; the one that has been gone for longest comes first. */
  readonly items: Map<string, string>;
}

const KEY = "feed";
const HASH = /^[\w-]{16}$/;
const STAMP = /^[\w-]{8}$/;

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}

/** Names an item within its feed, in 96 bits. */
export function itemHash(item: FeedItem): string {
  return digest(item.key, 16);
}

/** Names what subscribers see of an item. The date is left out: many feeds set it anew all the time. */
export function itemStamp(item: FeedItem): string {
  return digest(JSON.stringify([item.title, item.link, item.summary]), 8);
}

/** What is remembered. What makes no sense counts as a feed that was never seen. */
export async function loadSeen(memory: SourceMemory): Promise<Seen> {
  const fresh: Seen = { known: false, validators: undefined, items: new Map() };
  const text = await memory.get(KEY);
  if (text === undefined) return fresh;
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state !== "object" || state === null) return fresh;
    const items: unknown = Reflect.get(state, "items");
    if (typeof items !== "string") return fresh;
    const pairs = items === "" ? [] : items.split(" ").map((pair): [string, string] => [pair.slice(0, 16), pair.slice(16)]);
    if (!pairs.every(([hash, stamp]) => HASH.test(hash) && STAMP.test(stamp))) return fresh;
    return { known: true, validators: readValidators(Reflect.get(state, "validators")), items: new Map(pairs) };
  } catch {
    // As when there was none: the newest items come once more.
    return fresh;
  }
}

export async function saveSeen(memory: SourceMemory, { validators, items }: Seen): Promise<void> {
  const pairs = [...items].map(([hash, stamp]) => hash + stamp);
  await memory.set(KEY, JSON.stringify({ validators, items: pairs.join(" ") }));
}

/** Moves what the feed has now to the end, where it is forgotten last. */
export function touch(seen: Seen, hash: string, stamp: string): void {
  seen.items.delete(hash);
  seen.items.set(hash, stamp);
}

/**
 * Forgets what has been gone for longest.
 *
 * @param limit - Most to keep, but for those that the feed has now.
 * @param current - How many it has now; they are at the end.
 */
export function forget(seen: Seen, limit: number, current: number): void {
  let excess = seen.items.size - Math.max(limit, current);
  for (const hash of seen.items.keys()) {
    if (excess <= 0) return;
    seen.items.delete(hash);
    excess -= 1;
  }
}
