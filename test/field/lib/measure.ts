import type { StartReader } from "./heard.ts";
import type { Heard } from "./heard.ts";
import type { Speech } from "./http-readers.ts";
import type { AtEnd } from "./programs.ts";

/** Longest time until a reader's process has started, on a machine that does much else. */
const START_MS = 30_000;
/** How long an event is waited for. Longer than the bound, so that "late" and "never" are told apart. */
const LISTEN_MS = 4000;

/** Milliseconds until each event was heard. Undefined: not within four seconds. */
export interface Measured {
  /** From the request to an event that the journal held. */
  readonly first: number | undefined;
  /** From a publish to the event, with nothing after the event that could push it through. */
  readonly second: number | undefined;
  /** The same, after heartbeats. */
  readonly third: number | undefined;
}

/** One reader of one stream. */
export interface Cell {
  readonly startReader: StartReader;
  readonly speech: Speech;
  /** Where events are published. */
  readonly hubUrl: string;
  /** Where the reader subscribes. A proxy may be there. */
  readonly streamUrl: string;
  /** No other cell's. */
  readonly topic: string;
  /** Whether the reader is expected to hear nothing. Such a cell only waits, so any number may do so at a time. */
  readonly holdsBack?: boolean;
}

/** Publishes three events to one reader, each when the one before was heard or given up. */
export async function measure(cell: Cell, atEnd: AtEnd): Promise<Measured> {
  const { startReader, speech, hubUrl, streamUrl, topic } = cell;
  const later = async (data: string, heard: Heard): Promise<number | undefined> => {
    const began = performance.now();
    await speech.publish(hubUrl, topic, data);
    return (await heard.event(data, LISTEN_MS)) === undefined ? undefined : Math.round(performance.now() - began);
  };
  await speech.publish(hubUrl, topic, "first");
  const query = new URLSearchParams({ match: topic, last_event_id: "earliest" });
  const inTurn = cell.holdsBack === true ? <T>(task: () => Promise<T>): Promise<T> => task() : withOneOther;
  const { heard, first, second } = await inTurn(async () => {
    const heard = await startReader(`${streamUrl}?${query.toString()}`, atEnd);
    if (!(await heard.asks(START_MS))) throw new Error("The reader did not start.");
    const first = await heard.event("first", LISTEN_MS);
    return { heard, first, second: await later("second", heard) };
  });
  // A silent stream may have no heartbeats to wait for.
  if (second === undefined) return { first, second, third: undefined };
  await untilHeartbeats(cell, atEnd);
  return { first, second, third: await later("third", heard) };
}

let slots = 2;
const queue: (() => void)[] = [];

/** Lets two tasks run at a time, in the order in which they came. More, on two cores, would measure each other. */
async function withOneOther<T>(task: () => Promise<T>): Promise<T> {
  if (slots > 0) slots--;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    return await task();
  } finally {
    const next = queue.shift();
    if (next === undefined) slots++;
    else next();
  }
}

/**
 * Waits until a stream that begins now was twice silent for so long that the hub sent something: a heartbeat, or a cursor if other streams had updates.
 * By then the same has happened to each silent stream that began before.
 */
async function untilHeartbeats({ speech, hubUrl }: Cell, atEnd: AtEnd): Promise<void> {
  // Each stream begins with a cursor.
  let sent = -1;
  for await (const line of await speech.readLines(`${hubUrl}?match=silence`, "identity", atEnd)) {
    if ((line.startsWith(":") || line === "event: hub:cursor") && ++sent === 2) return;
  }
  throw new Error("The stream of heartbeats ended.");
}
