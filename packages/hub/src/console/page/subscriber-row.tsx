import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { STATS_TOPIC, type Subscriber } from "../server/wire.ts";
import { count, duration, milliseconds } from "./format.ts";
import { Matchers } from "./matchers.tsx";

interface RowProps {
  readonly subscriber: Subscriber;
  readonly isClosing: boolean;
  readonly onAskClose: (asks: boolean) => void;
  readonly onClose: () => void;
  readonly onExplain: () => void;
}

/** One open stream. */
export function SubscriberRow({ subscriber, isClosing, onAskClose, onClose, onExplain }: RowProps): ComponentChildren {
  const { id, matchers, issuer, subject, address, intervalMs, latest, openMs, state, lag, lagMs } = subscriber;
  const confirm = useRef<HTMLButtonElement>(null);
  const ask = useRef<HTMLButtonElement>(null);
  const isKept = useRef(false);
  useEffect(() => {
    if (isClosing) confirm.current?.focus();
    // Only if the row stays. With a removed row, the focus would be lost.
    else if (isKept.current) ask.current?.focus();
    isKept.current = false;
  }, [isClosing]);
  const short = id.slice(0, 8);
  const isConsole = matchers.some(({ pattern }) => pattern === STATS_TOPIC);
  return (
    <li class="row card" data-testid="subscriber" data-subscriber={id} data-state={state}>
      <div class="row-main">
        <Matchers matchers={matchers} />
        <dl class="facts">
          <Fact name="Who">{issuer === undefined ? "anonymous" : (subject ?? "no subject")}</Fact>
          {issuer !== undefined && <Fact name="Issuer">{issuer}</Fact>}
          {address !== undefined && <Fact name="From">{address}</Fact>}
          <Fact name="State">
            <span class="state" data-state={state}>
              {state === "live" ? "live" : `${state}, ${count(lag)} behind${lag > 0 ? `: ${duration(lagMs)}` : ""}`}
            </span>
          </Fact>
          {(intervalMs > 0 || latest) && (
            <Fact name="Pace">
              {[intervalMs > 0 && `every ${milliseconds(intervalMs)}`, latest && "the latest only"].filter(Boolean).join(", ")}
            </Fact>
          )}
          <Fact name="Open for">{duration(openMs)}</Fact>
          <Fact name="Id">
            <code>{id}</code>
          </Fact>
          {isConsole && <Fact name="Is">a console</Fact>}
        </dl>
      </div>
      {isClosing ? (
        <div class="row-tools asks" role="group" aria-label="Close this stream?">
          <p>Close it? It may connect again.</p>
          <button ref={confirm} type="button" class="button small" data-testid="confirm-close" onClick={onClose}>
            Close it
          </button>
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              isKept.current = true;
              onAskClose(false);
            }}
          >
            Keep it
          </button>
        </div>
      ) : (
        <div class="row-tools">
          <button type="button" class="button quiet small" aria-label={`Missing one? Stream ${short}`} onClick={onExplain}>
            Missing one?
          </button>
          <button
            ref={ask}
            type="button"
            class="button quiet small"
            aria-label={`Close the stream ${short}`}
            data-testid="close"
            onClick={() => onAskClose(true)}
          >
            Close
          </button>
        </div>
      )}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): ComponentChildren {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
