import { connect, type Live } from "artesian-client";

/** The functions of a page for a test, the same for each framework. */
export interface HooksPage {
  /** Renders one row for each topic, the newest states of `/quotes/:symbol`, and the state of the connection. */
  readonly show: (topics: readonly string[]) => void;
  readonly unmount: () => void;
}

/** The connection of the page. */
export const live: Live = connect("/events/stream", { retryMs: 50 });

export const root = document.querySelector("#app") as HTMLElement;

/** The newest states as text. */
export const textOf = (states: ReadonlyMap<string, number>): string => [...states].map((pair) => pair.join("=")).join(" ");

export function expose(page: HooksPage): void {
  Object.assign(globalThis, { page });
}
