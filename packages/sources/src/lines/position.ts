import { hashOfText } from "../json.ts";
import type { SourceMemory } from "../source.ts";
import type { Position } from "./log-file.ts";

const KEY = "lines";

/**
 * Loads the position in this file. Returns undefined if the file was not read, or the entry is
 * unreadable.
 */
export async function loadPosition(memory: SourceMemory, path: string): Promise<Position | undefined> {
  const text = await memory.get(KEY);
  if (text === undefined) return undefined;
  try {
    const { of, file, offset, mark } = JSON.parse(text) as Record<string, unknown>;
    if (of !== hashOfText(path) || typeof file !== "string" || typeof mark !== "string") return undefined;
    return Number.isSafeInteger(offset) && Number(offset) >= 0 ? { file, offset: Number(offset), mark } : undefined;
  } catch {
    // Same as without an entry.
    return undefined;
  }
}

export async function savePosition(memory: SourceMemory, path: string, position: Position): Promise<void> {
  await memory.set(KEY, JSON.stringify({ of: hashOfText(path), ...position }));
}
