import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { SubscriberAnswer } from "../../server/wire.ts";
import { type ConsoleApi, sentenceOf } from "../api.ts";
import { Fact } from "../fact.tsx";
import { bytes, count, dayAndClock, duration, milliseconds, rate } from "../format.ts";
import { Matchers } from "../matchers.tsx";
import { consoleTexts } from "../texts.ts";
import { useAsked } from "../use-asked.ts";
import { useRepeated } from "../use-repeated.ts";
import { subscriberTexts } from "./texts.ts";

export interface SubscriberProps {
  readonly api: ConsoleApi;
  readonly active: boolean;
  /** Changes with each sample. */
  readonly tick: number;
  readonly id: string;
  readonly onExplain: (subscriber: string) => void;
}

/** Orders that end streams. They ask once more before they are given. */
type Order = "close" | "token" | "subject";

/** An open stream: address, rate, lag, and the grants of its token. */
export function SubscriberPage({ api, active, tick, id, onExplain }: SubscriberProps): ComponentChildren {
  const { asked, ask } = useAsked((signal) => api.subscriber(id, signal));
  const [order, setOrder] = useState<Order | undefined>();
  const [said, setSaid] = useState<{ text: () => string; bad: boolean } | undefined>();
  const texts = subscriberTexts();
  const { answer, problem } = asked;
  useEffect(() => {
    setSaid(undefined);
    if (active) ask();
  }, [active, id, ask]);
  useRepeated(asked, ask, active && problem === undefined, tick);

  async function give(given: Order): Promise<void> {
    setOrder(undefined);
    try {
      await (given === "close" ? api.disconnect(id) : api.revoke(id, given));
      setSaid({ text: () => subscriberTexts().done[given], bad: false });
    } catch (error) {
      setSaid({ text: () => sentenceOf(error), bad: true });
    }
    ask();
  }

  return (
    <section class="pane card" aria-labelledby="subscriber-title" data-testid="subscriber-page">
      <div class="pane-head">
        <h3 id="subscriber-title">{texts.title}</h3>
        <a class="button quiet small" href="#subscribers">
          {texts.back}
        </a>
      </div>
      <p class={said?.bad === true ? "said bad" : "said"} role="status" data-testid="subscriber-said">
        {said?.text()}
      </p>
      <p class="problem" role="alert">
        {said === undefined && problem?.()}
      </p>
      {answer?.id === id && (
        <>
          <Matchers matchers={answer.matchers} />
          <Facts subscriber={answer} />
          <Token subscriber={answer} />
          {order === undefined ? (
            <div class="form-tools">
              <button type="button" class="button quiet small" onClick={() => onExplain(id)}>
                {consoleTexts().row.missing}
              </button>
              {!api.isReadOnly && <Orders subscriber={answer} onOrder={setOrder} />}
            </div>
          ) : (
            <div class="form-tools asks" role="group" aria-label={texts.orders[order]}>
              <p>{texts.sure[order](answer.token?.subject ?? "")}</p>
              <button type="button" class="button small" data-testid="confirm-order" onClick={() => void give(order)}>
                {texts.orders[order]}
              </button>
              <button type="button" class="button quiet small" onClick={() => setOrder(undefined)}>
                {consoleTexts().row.keep}
              </button>
            </div>
          )}
          <p class="hint">{texts.addressHint}</p>
        </>
      )}
    </section>
  );
}

/** Buttons of the orders that fit the stream. */
function Orders({ subscriber, onOrder }: { subscriber: SubscriberAnswer; onOrder: (order: Order) => void }): ComponentChildren {
  const texts = subscriberTexts().orders;
  const { token } = subscriber;
  const orders: readonly Order[] = [
    "close",
    ...(token?.tokenId === undefined ? [] : ["token" as const]),
    ...(token?.subject === undefined ? [] : ["subject" as const]),
  ];
  return (
    <>
      {orders.map((order) => (
        <button key={order} type="button" class="button quiet small" data-testid={`order-${order}`} onClick={() => onOrder(order)}>
          {texts[order]}
        </button>
      ))}
    </>
  );
}

function Facts({ subscriber }: { subscriber: SubscriberAnswer }): ComponentChildren {
  const texts = subscriberTexts();
  const { row } = consoleTexts();
  const { address, state, lag, lagMs, intervalMs, latest, openMs, heldBytes, recent, process, id } = subscriber;
  const seconds = recent.spanMs / 1000;
  const flow = bytes(recent.characters / seconds);
  const held = bytes(heldBytes);
  return (
    <dl class="facts grid-facts">
      <Fact name={row.from}>{address ?? texts.unknown}</Fact>
      <Fact name={row.state}>
        <span class="state" data-state={state}>
          {row.states[state]}
        </span>
      </Fact>
      <Fact name={texts.lag}>{lag === 0 ? texts.atTail : texts.behind(count(lag), duration(lagMs))}</Fact>
      <Fact name={texts.rate}>
        <span data-testid="subscriber-rate" data-updates={recent.updates}>
          {texts.rates(rate(recent.updates / seconds), `${flow.number} ${flow.unit}`, duration(recent.spanMs))}
        </span>
      </Fact>
      <Fact name={texts.held}>{`${held.number} ${held.unit}`}</Fact>
      <Fact name={row.pace}>
        {intervalMs === 0 && !latest
          ? row.atOnce
          : row.list([...(intervalMs > 0 ? [row.every(milliseconds(intervalMs))] : []), ...(latest ? [row.latestOnly] : [])])}
      </Fact>
      <Fact name={row.openFor}>{duration(openMs)}</Fact>
      <Fact name={texts.process}>{process}</Fact>
      <Fact name={row.id}>
        <code>{id}</code>
      </Fact>
    </dl>
  );
}

function Token({ subscriber: { token } }: { subscriber: SubscriberAnswer }): ComponentChildren {
  const texts = subscriberTexts();
  if (token === undefined) return <p class="verdict">{texts.anonymous}</p>;
  const { issuer, subject, tokenId, issuedAt, expiresAt, publish, subscribe } = token;
  return (
    <>
      <h4>{texts.token}</h4>
      <dl class="facts grid-facts">
        <Fact name={consoleTexts().row.who}>{subject ?? consoleTexts().row.noSubject}</Fact>
        <Fact name={consoleTexts().row.issuer}>{issuer}</Fact>
        {tokenId !== undefined && <Fact name={texts.tokenId}>{tokenId}</Fact>}
        {issuedAt !== undefined && <Fact name={texts.issued}>{dayAndClock(issuedAt)}</Fact>}
        <Fact name={texts.ends}>{expiresAt === undefined ? texts.never : dayAndClock(expiresAt)}</Fact>
      </dl>
      <h4>{texts.reads}</h4>
      {subscribe.length === 0 ? <p class="hint">{texts.readsNothing}</p> : <Matchers matchers={subscribe} />}
      <h4>{texts.publishes}</h4>
      {publish.length === 0 ? <p class="hint">{texts.publishesNothing}</p> : <Matchers matchers={publish} />}
    </>
  );
}
