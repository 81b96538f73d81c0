import type { Lane } from "./plan.ts";
import type { FaultOutcome } from "./run.ts";
import { standardLanes } from "./standard-load.ts";

/** Publishers that try nothing again, because a second attempt would hide that the first had no answer. */
export const SINGLE_ATTEMPTS: readonly Lane[] = standardLanes(32).map((lane) => ({ ...lane, triesAgain: false }));

/**
 * Finds the updates and streams of a run that were refused, or had no answer.
 *
 * @param allowed - Answers that are no refusal.
 * @param onRefused - Called with each kind.
 * @returns Their number.
 */
export function findRefused(
  { answers, losses }: Pick<FaultOutcome, "answers" | "losses">,
  allowed: ReadonlySet<string>,
  onRefused: (text: string) => void,
): number {
  let refused = 0;
  for (const [answer, count] of answers) {
    if (allowed.has(answer)) continue;
    refused += count;
    onRefused(`${count} updates were answered ${answer}`);
  }
  for (const [reason, count] of losses) {
    if (!/status|gave up/.test(reason)) continue;
    refused += count;
    onRefused(`${count} streams: ${reason}`);
  }
  return refused;
}
