import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { NO_ANSWER } from "artesian-ui/live-connection.ts";
import { useNow } from "artesian-ui/use-now.ts";
import { usePart } from "artesian-ui/use-part.ts";
import type { OutboxItem } from "./outbox.ts";
import { MessageText } from "./message-text.tsx";
import { chatTexts } from "./texts.ts";

interface OutgoingGroupProps {
  readonly items: readonly OutboxItem[];
  readonly onGrow: () => void;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

/**
 * Time after which a message on its way is explained, in milliseconds. Most are taken sooner, and
 * the words would only flicker.
 */
const LATE_MS = 1000;
/** Time after which the message explains its delay, in milliseconds. */
const STUCK_MS = 5000;

/**
 * The visitor's own messages on their way. Each has a clock until the server has acknowledged the message,
 * so that nothing unsent looks sent.
 */
export function OutgoingGroup({ items, onGrow, onRetry, onDiscard }: OutgoingGroupProps): ComponentChildren {
  const texts = chatTexts().outbox;
  const now = useNow(items.some(({ status }) => status === "sending"));
  const notes = items.map((item) => noteOf(item, now - item.at));
  // Until the reason's words are there, the note is enough.
  const reasons = usePart(
    () => import("./refusals/refusal-text.tsx"),
    items.some(({ refusal }) => refusal !== undefined),
  );
  useLayoutEffect(onGrow, [notes.join(), reasons]);
  return (
    <section class="group own outgoing" aria-live="off">
      <div class="group-body">
        {items.map((item, index) => {
          const shown = item.status === "sending" && now - item.at >= LATE_MS ? "late" : item.status;
          const note = notes[index];
          return (
            <div key={item.id} class={`outgoing-item ${shown}`}>
              <div class="outgoing-line">
                {(item.status === "sending" || item.status === "waiting") && (
                  <svg class="unsent" viewBox="0 0 16 16" role="img" aria-label={texts.onItsWay} data-testid="unsent">
                    <circle cx="8" cy="8" r="6.2" />
                    <path d="M8 4.500V8l2.400 1.600" />
                  </svg>
                )}
                <div
                  class="bubble"
                  data-testid="message"
                  data-message-id={item.id}
                  data-author={item.nickname}
                  data-own="true"
                  data-bot="false"
                  data-status={item.status}
                >
                  <MessageText text={item.text} />
                </div>
              </div>
              {note !== undefined && (
                <p class="delivery" role={item.status === "failed" ? "alert" : undefined}>
                  {note} {item.refusal !== undefined && reasons !== undefined && <reasons.RefusalText {...item.refusal} />}
                  <span class="delivery-tools">
                    {item.status === "failed" && (
                      <button type="button" class="text-button" onClick={() => onRetry(item.id)}>
                        {texts.retry}
                      </button>
                    )}
                    <button type="button" class="text-button" data-testid="discard" onClick={() => onDiscard(item.id)}>
                      {item.status === "failed" ? texts.discard : texts.cancel}
                    </button>
                  </span>
                </p>
              )}
            </div>
          );
        })}
      </div>
    </section>
  );
}

function noteOf({ status }: OutboxItem, ageMs: number): string | undefined {
  const texts = chatTexts().outbox;
  if (status === "waiting") return texts.waiting;
  if (status === "failed") return texts.failed;
  if (status === "taken" || ageMs < LATE_MS) return undefined;
  return ageMs < STUCK_MS ? texts.sending : texts.stuck(NO_ANSWER());
}
