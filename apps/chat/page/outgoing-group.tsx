import type { ComponentChildren } from "preact";
import type { OutboxItem } from "./outbox.ts";

interface OutgoingGroupProps {
  readonly items: readonly OutboxItem[];
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

const NOTES: Partial<Record<OutboxItem["status"], string>> = {
  waiting: "Not sent yet. Trying again…",
  failed: "Not sent.",
};

/** One's own messages that are on their way. Those that take their normal time look as if they had arrived. */
export function OutgoingGroup({ items, onRetry, onDiscard }: OutgoingGroupProps): ComponentChildren {
  return (
    <section class="group own outgoing" aria-live="off">
      <div class="group-body">
        {items.map((item) => (
          <div key={item.id} class={`outgoing-item ${item.status}`}>
            <div
              class="bubble"
              data-testid="message"
              data-message-id={item.id}
              data-author={item.nickname}
              data-own="true"
              data-bot="false"
              data-status={item.status}
            >
              <span data-testid="message-text" dir="auto">
                {item.text}
              </span>
            </div>
            {NOTES[item.status] !== undefined && (
              <p class="delivery" role={item.status === "failed" ? "alert" : undefined}>
                {NOTES[item.status]} {item.detail}
                {item.status === "failed" && (
                  <span class="delivery-tools">
                    <button type="button" class="text-button" onClick={() => onRetry(item.id)}>
                      Try again
                    </button>
                    <button type="button" class="text-button" onClick={() => onDiscard(item.id)}>
                      Discard
                    </button>
                  </span>
                )}
              </p>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}
