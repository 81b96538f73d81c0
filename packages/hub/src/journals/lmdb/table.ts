import { HubError } from "../../core/errors.ts";
import type { JournalState, StateEntry } from "../../core/journal/state.ts";
import { openEntry } from "./codec.ts";
import type { Databases } from "./format.ts";
import { rising } from "./rising.ts";

/** Lists entries of the shared table. See `JournalState.entries`. */
export function listEntries(
  entries: Databases["entries"],
  prefix: string,
  { after, limit, maxLength = Infinity }: Parameters<JournalState["entries"]>[1],
): readonly StateEntry[] {
  const start = after === undefined || after < prefix ? prefix : after;
  const found: StateEntry[] = [];
  let length = 0;
  for (const { key, value } of rising(entries.getRange({ start }), start)) {
    if (!key.startsWith(prefix) || found.length >= limit || length >= maxLength) break;
    if (key === after) continue;
    const entry = { key, value: open(key, value) };
    found.push(entry);
    length += entry.value.length;
  }
  return found;
}

/**
 * Decodes an entry of the table. A table without a damaged entry would let revoked tokens in, so
 * the table is not read at all.
 */
function open(key: string, stored: string): string {
  const value = openEntry(key, stored);
  if (value !== undefined) return value;
  throw new HubError("journal_unavailable", "The journal's table cannot be read.", { cause: new Error(`The entry ${key} is damaged.`) });
}
