import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { STATS_TOPIC, type Subscriber } from "../server/wire.ts";
import { Fact } from "./fact.tsx";
import { count, duration, milliseconds } from "./format.ts";
import { Matchers } from "./matchers.tsx";
import { consoleTexts } from "./texts.ts";

interface RowProps {
  readonly subscriber: Subscriber;
  readonly isClosing: boolean;
  readonly mayClose: boolean;
  readonly onAskClose: (asks: boolean) => void;
  readonly onClose: () => void;
  readonly onExplain: () => void;
}

/** One open stream. */
export function SubscriberRow({ subscriber, isClosing, mayClose, onAskClose, onClose, onExplain }: RowProps): ComponentChildren {
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
  const texts = consoleTexts().row;
  const short = id.slice(0, 8);
  const isConsole = matchers.some(({ pattern }) => pattern === STATS_TOPIC);
  return (
    <li class="row card" data-testid="subscriber" data-subscriber={id} data-state={state}>
      <div class="row-main">
        <Matchers matchers={matchers} />
        <dl class="facts">
          <Fact name={texts.who}>{issuer === undefined ? texts.anonymous : (subject ?? texts.noSubject)}</Fact>
          {issuer !== undefined && <Fact name={texts.issuer}>{issuer}</Fact>}
          {address !== undefined && <Fact name={texts.from}>{address}</Fact>}
          <Fact name={texts.state}>
            <span class="state" data-state={state}>
              {state === "live" ? texts.states.live : texts.lagging(texts.states[state], count(lag), lag > 0 ? duration(lagMs) : undefined)}
            </span>
          </Fact>
          {(intervalMs > 0 || latest) && (
            <Fact name={texts.pace}>
              {texts.list([...(intervalMs > 0 ? [texts.every(milliseconds(intervalMs))] : []), ...(latest ? [texts.latestOnly] : [])])}
            </Fact>
          )}
          <Fact name={texts.openFor}>{duration(openMs)}</Fact>
          <Fact name={texts.id}>
            <code>{id}</code>
          </Fact>
          {isConsole && <Fact name={texts.is}>{texts.aConsole}</Fact>}
        </dl>
      </div>
      {isClosing ? (
        <div class="row-tools asks" role="group" aria-label={texts.askClose}>
          <p>{texts.closeIt}</p>
          <button ref={confirm} type="button" class="button small" data-testid="confirm-close" onClick={onClose}>
            {texts.confirmClose}
          </button>
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              isKept.current = true;
              onAskClose(false);
            }}
          >
            {texts.keep}
          </button>
        </div>
      ) : (
        <div class="row-tools">
          <a class="button quiet small" href={`#subscribers/${id}`} aria-label={texts.detailsLabel(short)} data-testid="details">
            {texts.details}
          </a>
          <button type="button" class="button quiet small" aria-label={texts.missingLabel(short)} onClick={onExplain}>
            {texts.missing}
          </button>
          {mayClose && (
            <button
              ref={ask}
              type="button"
              class="button quiet small"
              aria-label={texts.closeLabel(short)}
              data-testid="close"
              onClick={() => onAskClose(true)}
            >
              {texts.close}
            </button>
          )}
        </div>
      )}
    </li>
  );
}
