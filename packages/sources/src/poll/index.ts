import type { TextUpdate } from "artesian";
import { conditionalGet, isSameVersion, pollLoop, shownAddress, type Round } from "../http/index.ts";
import { MAX_BATCH, type Source, type SourceContext } from "../source.ts";
import { readDocument, type Part } from "./document.ts";
import { planOf, type PollOptions, type PollPlan } from "./options.ts";
import { loadState, saveState, type PollState } from "./state.ts";

export type { PollOptions } from "./options.ts";

/**
 * Polls an HTTP address and publishes changes of the document, or of each item of a list. The first
 * round publishes everything. After a restart, only later changes are published.
 *
 * @throws TypeError with the name of an invalid option.
 * @see docs/guides/sources.md
 */
export function pollSource(options: PollOptions): Source {
  const plan = planOf(options);
  return {
    async run(context) {
      const state = await loadState(context.memory, plan);
      let skippedBefore = 0;
      await pollLoop(plan.timing, context, async () => {
        const { skipped, ...round } = await poll(plan, state, context);
        // Reported only when the number changes, because each round would say the same.
        if (skipped > skippedBefore) context.report({ kind: "warning", message: skippedMessage(plan, skipped) });
        skippedBefore = skipped;
        return round;
      });
    },
  };
}

async function poll(plan: PollPlan, state: PollState, context: SourceContext): Promise<Round & { readonly skipped: number }> {
  const { options } = plan;
  const { memory, report, signal } = context;
  const answer = await conditionalGet(options.url, { ...options, previous: state.validators, signal });
  if (answer.kind === "unchanged") {
    report({ kind: "fetched", changed: false, items: state.hashes.size, bytes: 0 });
    return { freshForMs: answer.freshForMs, skipped: 0 };
  }
  const { parts, skipped } = readDocument(plan, answer.body, answer.contentType);
  const changed = parts.filter(({ key, hash }) => state.hashes.get(key) !== hash);
  const present = new Set(parts.map(({ key }) => key));
  const gone = [...state.hashes.keys()].filter((key) => !present.has(key));
  report({ kind: "fetched", changed: changed.length + gone.length > 0, items: parts.length, bytes: answer.body.byteLength });
  await publishChanged(plan, state, changed, context);
  await publishGone(plan, state, gone, context);
  const { validators } = answer;
  const isNew = changed.length + gone.length > 0 || !isSameVersion(validators, state.validators);
  state.validators = validators;
  if (isNew) await saveState(memory, plan, state);
  return { freshForMs: answer.freshForMs, skipped };
}

async function publishChanged(plan: PollPlan, state: PollState, changed: readonly Part[], context: SourceContext): Promise<void> {
  for (let start = 0; start < changed.length; start += MAX_BATCH) {
    const batch = changed.slice(start, start + MAX_BATCH);
    await plan.outlet.publish(
      context,
      batch.map(({ toUpdate }) => toUpdate()),
    );
    for (const { key, hash } of batch) state.hashes.set(key, hash);
    // The new validators are not saved yet. With them, the rest of this answer would never be
    // requested again.
    if (start + MAX_BATCH < changed.length) await saveState(context.memory, plan, { validators: undefined, hashes: state.hashes });
  }
}

async function publishGone(plan: PollPlan, state: PollState, gone: readonly string[], context: SourceContext): Promise<void> {
  const { removed, removedType, type } = plan.options;
  if (removed === true) {
    const updates = gone.flatMap((key): TextUpdate[] => {
      const topic = plan.topic.expand((field) => (field === "key" ? key : undefined));
      return topic === undefined ? [] : [{ topic, data: "null", type: removedType ?? type }];
    });
    await plan.outlet.publish(context, updates);
  }
  for (const key of gone) state.hashes.delete(key);
}

function skippedMessage(plan: PollPlan, skipped: number): string {
  return (
    `${skipped} items of ${shownAddress(plan.url)} are left out: they have no key, the same as another, ` +
    "or not what `topic` or `select` name."
  );
}
