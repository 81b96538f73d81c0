import { createHash } from "node:crypto";
import { readValidators, type Validators } from "../http/index.ts";
import type { SourceMemory } from "../source.ts";
import type { FeedItem } from "./item.ts";

/** What is known of an item beside its hash. */
export interface Known {
  /** What its text was. */
  readonly stamp: string;
  /** Hashes of what else it goes by. */
  readonly names: readonly string[];
}

/** What is known of a feed's items. */
export interface Seen {
  /** Whether the feed was read before, in this process or an earlier one. */
  known: boolean;
  validators: Validators | undefined;
  /** By the item's hash; the one that has been gone for longest comes first. */
  readonly items: Map<string, Known>;
  /** The item's hash, by each of its names. */
  readonly byName: Map<string, string>;
}

const KEY = "feed";
const [HASH_LENGTH, SHORT_LENGTH] = [16, 8] as const;
/** An item's hash, its stamp and its names. */
const ITEM = /^[\w-]{24}(?:[\w-]{8}){0,8}$/;

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}

/** Names an item within its feed, in 96 bits. */
export function itemHash(item: FeedItem): string {
  return digest(item.key, HASH_LENGTH);
}

/** Names what subscribers see of an item. The date is left out: many feeds set it anew all the time. */
export function itemStamp(item: FeedItem): string {
  return digest(JSON.stringify([item.title, item.link, item.summary]), SHORT_LENGTH);
}

/** Hashes of what else the item goes by, so that it is known under another guid. 48 bits are enough within one feed. */
export function itemNames(item: FeedItem): readonly string[] {
  return item.names.map((name) => digest(name, SHORT_LENGTH));
}

/** What is remembered. What makes no sense counts as a feed that was never seen. */
export async function loadSeen(memory: SourceMemory): Promise<Seen> {
  const fresh: Seen = { known: false, validators: undefined, items: new Map(), byName: new Map() };
  const text = await memory.get(KEY);
  if (text === undefined) return fresh;
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state !== "object" || state === null) return fresh;
    const items: unknown = Reflect.get(state, "items");
    if (typeof items !== "string") return fresh;
    const texts = items === "" ? [] : items.split(" ");
    if (!texts.every((item) => ITEM.test(item))) return fresh;
    const seen: Seen = { ...fresh, known: true, validators: readValidators(Reflect.get(state, "validators")) };
    for (const item of texts) {
      const [stamp = "", ...names] = item.slice(HASH_LENGTH).match(/.{8}/g) ?? [];
      touch(seen, item.slice(0, HASH_LENGTH), { stamp, names });
    }
    return seen;
  } catch {
    // As when there was none: the newest items come once more.
    return fresh;
  }
}

export async function saveSeen(memory: SourceMemory, { validators, items }: Seen): Promise<void> {
  const texts = [...items].map(([hash, { stamp, names }]) => hash + stamp + names.join(""));
  await memory.set(KEY, JSON.stringify({ validators, items: texts.join(" ") }));
}

/** Finds an item by its hash, or else by any of its names. */
export function find(seen: Seen, hash: string, names: readonly string[]): Known | undefined {
  const known = [hash, ...names.map((name) => seen.byName.get(name))].find((each) => each !== undefined && seen.items.has(each));
  return known === undefined ? undefined : seen.items.get(known);
}

/** Moves what the feed has now to the end, where it is forgotten last. It takes the place of the items that go by its names. */
export function touch(seen: Seen, hash: string, item: Known): void {
  drop(seen, hash);
  for (const name of item.names) drop(seen, seen.byName.get(name));
  seen.items.set(hash, item);
  for (const name of item.names) seen.byName.set(name, hash);
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
    drop(seen, hash);
    excess -= 1;
  }
}

function drop(seen: Seen, hash: string | undefined): void {
  if (hash === undefined) return;
  for (const name of seen.items.get(hash)?.names ?? []) if (seen.byName.get(name) === hash) seen.byName.delete(name);
  seen.items.delete(hash);
}
