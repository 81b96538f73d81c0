import { addressHash, readValidators, type Validators } from "../http/index.ts";
import { hashOfText } from "../json.ts";
import type { SourceMemory } from "../source.ts";
import type { PollPlan } from "./options.ts";

/** The last published state: hashes by key. Their number is bounded, because answers are. */
export interface PollState {
  validators: Validators | undefined;
  readonly hashes: Map<string, string>;
}

const KEY = "poll";

/**
 * Identifies the options that the state belongs to. Other options would have published other data.
 */
function fingerprint({ url, options }: PollPlan): string {
  const { topic, format, items, key, select, type, private: isPrivate } = options;
  return hashOfText(JSON.stringify([addressHash(url), topic, format, items, key, select, type, isPrivate]));
}

/**
 * Loads the state. Returns nothing if the entry is unreadable or belongs to other options, which
 * only repeats updates.
 */
export async function loadState(memory: SourceMemory, plan: PollPlan): Promise<PollState> {
  const empty: PollState = { validators: undefined, hashes: new Map() };
  const text = await memory.get(KEY);
  if (text === undefined) return empty;
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    // Same as without an entry.
    return empty;
  }
  if (typeof state !== "object" || state === null || Reflect.get(state, "of") !== fingerprint(plan)) return empty;
  const hashes: unknown = Reflect.get(state, "hashes");
  if (!Array.isArray(hashes) || !hashes.every(isPair)) return empty;
  return { validators: readValidators(Reflect.get(state, "validators")), hashes: new Map(hashes) };
}

export async function saveState(memory: SourceMemory, plan: PollPlan, state: PollState): Promise<void> {
  await memory.set(KEY, JSON.stringify({ of: fingerprint(plan), validators: state.validators, hashes: [...state.hashes] }));
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
}
