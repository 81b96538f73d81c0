// Many bare readers: one program for all of them. It counts what they receive, and how old that is.
import { type ReaderCounts, RawReader } from "./raw-reader.ts";
import type { FromRawReaders, ToRawReaders } from "./raw-reader-process.ts";

/** Ages are counted in classes that are a hundredth wide, up to some ten minutes. */
const CLASSES = 1600;
const PER_STEP = 100;
/** So many connections are begun at a time. */
const AT_ONCE = 50;
const PAUSE_MS = 10;

const counts: ReaderCounts = { open: 0, reconnections: 0, received: 0, disorder: 0, gaps: 0, refused: 0 };
const ages = new Uint32Array(CLASSES);
const readers: RawReader[] = [];

const noteAge = (ms: number): void => {
  const place = Math.min(CLASSES - 1, Math.round(Math.log1p(Math.max(0, ms) * 10) * PER_STEP));
  ages[place] = (ages[place] ?? 0) + 1;
};

/** @returns The age that so large a share of all do not pass, in milliseconds. */
function quantile(share: number): number {
  const all = ages.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [place, count] of ages.entries()) {
    below += count;
    if (below > 0 && below >= all * share) return Math.expm1(place / PER_STEP) / 10;
  }
  return 0;
}

function open(hub: string, count: number, isMeasured: boolean): void {
  const url = new URL(hub);
  for (let i = 0; i < Math.min(AT_ONCE, count); i++) readers.push(new RawReader(url, counts, isMeasured ? noteAge : undefined));
  if (count > AT_ONCE) setTimeout(() => open(hub, count - AT_ONCE, isMeasured), PAUSE_MS);
}

function leastExpected(): number {
  return readers.reduce((least, { expected = 0 }) => Math.min(least, expected), Infinity);
}

setInterval(() => {
  process.send?.({ ...counts, expected: leastExpected(), p50Ms: quantile(0.5), p99Ms: quantile(0.99) } satisfies FromRawReaders);
}, 100);
process.on("message", (message: ToRawReaders) => {
  if (message.kind === "open") open(message.hub, message.count, message.isMeasured);
  else if (message.kind === "stop") for (const reader of readers) reader.stop();
  else if (message.kind === "go on") for (const reader of readers) reader.goOn();
  else if (message.kind === "measure") ages.fill(0);
  else {
    for (const reader of readers) reader.close();
    process.exit();
  }
});
// With whoever started it, it ends.
process.on("disconnect", () => process.exit());
