import { onTestFinished } from "vitest";
import { connect, type ConnectionState, type ConnectOptions, type Live } from "../../packages/client/src/index.ts";
import { AT_ONCE } from "../support/cuts.ts";
import { type Fate, type HostileProxy, startHostileProxy } from "../support/hostile-proxy.ts";

/** Bound of what takes a moment on a machine that is not busy. */
export const WAIT: { readonly timeout: number } = { timeout: 30_000 };

/** The data of updates that are numbered from 0. */
export const countTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** A connection, and its news. */
export interface Watched {
  readonly connection: Live;
  /** Data of the topic `t`, in order. */
  readonly got: readonly string[];
  /** The states, each told apart from the one before by its status or transport. */
  readonly states: readonly ConnectionState[];
}

/** Listens to the topic `t`. The connection ends with the test. */
export function watch(url: string, options: ConnectOptions = {}): Watched {
  const connection = connect(url, { ...AT_ONCE, ...options });
  onTestFinished(() => connection.close());
  const got: string[] = [];
  const states: ConnectionState[] = [];
  connection.onState((state) => states.push(state));
  connection.topic("t").on("*", ({ data }) => got.push(data));
  return { connection, got, states };
}

/** The states so far, in words. */
export const statusOf = ({ states }: Watched): string[] =>
  states.map(({ status, transport }) => (transport === "stream" ? status : `${status} (polling)`));

/** Starts a hostile proxy that ends with the test. `url` is that of the hub, through it. */
export async function hostile(
  upstream: string,
  fateOf: (connection: number, head: string) => Fate,
): Promise<HostileProxy & { readonly url: string }> {
  const proxy = await startHostileProxy(upstream, fateOf);
  onTestFinished(() => proxy.close());
  return Object.assign(proxy, { url: `${proxy.origin}/events/stream` });
}
