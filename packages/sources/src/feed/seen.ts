import { createHash } from "node:crypto";
import { readValidators, type Validators } from "../http/index.ts";
import type { SourceMemory } from "../source.ts";
import type { FeedItem } from "./item.ts";

/** Facts about a known item, beside its hash. */
export interface Known {
  /** Stamp of the item's text. */
  readonly stamp: string;
  /** Hashes of the item's further names. */
  readonly names: readonly string[];
}

/** The known items of a feed. */
export interface Seen {
  /** Whether the feed was read before, in this process or an earlier one. */
  known: boolean;
  validators: Validators | undefined;
  /** Items by hash. The item that has been gone for longest comes first. */
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

/**
 * Names the text that subscribers see of an item. The date is left out, because many feeds reset it
 * all the time.
 */
export function itemStamp(item: FeedItem): string {
  return digest(JSON.stringify([item.title, item.link, item.summary]), SHORT_LENGTH);
}

/**
 * Hashes of the item's further names, by which the item is recognised under another guid. 48 bits
 * are enough within one feed.
 */
export function itemNames(item: FeedItem): readonly string[] {
  return item.names.map((name) => digest(name, SHORT_LENGTH));
}

/** Loads the known items. An unreadable entry counts as a feed that was never seen. */
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
    // Same as without an entry. The newest items are published once more.
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

/**
 * Moves a current item to the end of the map, where it is forgotten last. The item replaces the
 * items with its names.
 */
export function touch(seen: Seen, hash: string, item: Known): void {
  drop(seen, hash);
  for (const name of item.names) drop(seen, seen.byName.get(name));
  seen.items.set(hash, item);
  for (const name of item.names) seen.byName.set(name, hash);
}

/**
 * Forgets the items that have been gone for longest.
 *
 * @param limit - Most items to keep. The feed's current items are kept beyond the limit.
 * @param current - Number of current items, which are at the end.
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
