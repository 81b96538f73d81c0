import type { ClientEventSource, EventSourceOptions } from "../../../packages/client/src/event-source.ts";
import type { Plan } from "./case.ts";

/** The outcome of a plan. */
export interface Outcome {
  readonly reports: readonly string[];
  /** The delays before reconnections, in milliseconds. */
  readonly delaysMs: readonly number[];
}

/** Reconnects fast, so that tests are. */
const FAST = { retryMs: 20, maxRetryMs: 40, retryFloorMs: 1 };

const STATES = ["connecting", "open", "closed"];

/** Carries out a plan, in Node, a page or a worker. */
export function drive(create: (url: string, options: EventSourceOptions) => ClientEventSource, plan: Plan): Promise<Outcome> {
  const reports: string[] = [];
  const delaysMs: number[] = [];
  return new Promise((resolve) => {
    let source: ClientEventSource;
    const report = (text: string): void => {
      if (reports.length >= plan.until) throw new Error(`An event came after close(): ${text}`);
      reports.push(text);
      if (reports.length < plan.until) return;
      source.close();
      if (source.readyState !== source.CLOSED) reports.push("not closed");
      resolve({ reports, delaysMs });
    };
    try {
      const url = plan.asObject === true ? { toString: () => plan.url } : plan.url;
      source = create(url as string, {
        ...FAST,
        ...plan.options,
        onState: (state, { delayMs }) => void (state === "reconnecting" && delayMs !== undefined && delaysMs.push(delayMs)),
      });
    } catch (error) {
      resolve({ reports: [`throws ${(error as Error).name}`], delaysMs });
      return;
    }
    if (source.readyState !== source.CONNECTING) report(`begins ${STATES[source.readyState]}`);
    if (plan.tellsUrl === true) report(`url ${source.url}`);
    const check = (event: Event, ...isTrue: readonly boolean[]): string =>
      [...isTrue, !event.bubbles, !event.cancelable, event.target === source].every(Boolean) ? "" : " but wrong";
    const onMessage = (event: MessageEvent): void => {
      const { type, data, lastEventId, origin } = event;
      const id = lastEventId === "" ? "" : ` #${lastEventId}`;
      const isOpen = source.readyState === source.OPEN;
      const where = origin === new URL(source.url).origin ? "" : ` of ${origin}`;
      report(`${type} ${JSON.stringify(data)}${id}${where}${check(event, isOpen, event instanceof MessageEvent)}`);
    };
    Object.assign(source, {
      onopen(this: ClientEventSource, event: Event): void {
        if (plan.stopsPage === true) globalThis.stop();
        report(`open${check(event, !("data" in event), this.readyState === this.OPEN)}`);
      },
      onerror(this: ClientEventSource, event: Event): void {
        report(`error ${STATES[this.readyState]}${check(event, !("data" in event))}`);
      },
      onmessage: onMessage,
    });
    for (const type of plan.named ?? []) source.addEventListener(type, onMessage);
  });
}
