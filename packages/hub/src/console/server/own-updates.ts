import { NOTE_TYPE } from "../../core/update/update.ts";
import type { JournalRecord } from "../../index.ts";
import { STATS_TOPIC } from "./wire.ts";

/** Whether an update is the console's own, or a note of the hub to itself. */
export function isOwn({ topics, type }: JournalRecord): boolean {
  return type === NOTE_TYPE || topics[0] === STATS_TOPIC;
}
