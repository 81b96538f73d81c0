import type { StartReader } from "./heard.ts";
import type { HubProcess } from "./hub-process.ts";
import { inProcess, overFetch, overHttp2, type Speech } from "./http-readers.ts";

/** How a hub is run and read. */
export interface Way {
  readonly name: string;
  readonly hub: keyof Hubs;
  readonly speech: Speech;
  readonly startReader: StartReader;
}

/** The hubs of one Node. */
export interface Hubs {
  readonly one: HubProcess;
  readonly workers: HubProcess;
  readonly http2: HubProcess;
}

/** Every way of the matrix, in its order. */
export const WAYS: readonly Way[] = [
  { name: "plain", hub: "one", speech: overFetch, startReader: inProcess(overFetch, "identity") },
  { name: "gzip", hub: "one", speech: overFetch, startReader: inProcess(overFetch, "gzip") },
  { name: "HTTP/2", hub: "http2", speech: overHttp2, startReader: inProcess(overHttp2, "identity") },
  { name: "workers", hub: "workers", speech: overFetch, startReader: inProcess(overFetch, "identity") },
];
