// Run as a process by the tests beside it: opens a log and appends until it is killed, or until an append fails.
// Prints `open TAIL`, then `ack OFFSET DATA` for each acknowledged append, and `failed CODE` for each that was refused.
import { encodeAppend } from "../../../packages/hub/src/journals/log/entries/codec.ts";
import { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";

const { directory, run, most, size, refusals, retention, segmentBytes } = JSON.parse(process.argv[2] as string) as {
  readonly directory: string;
  readonly run: number;
  /** Appends at the most. */
  readonly most: number;
  readonly size: number;
  /** Refused appends after which the process ends. */
  readonly refusals: number;
  readonly retention: { readonly maxBytes: number };
  readonly segmentBytes: number;
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const store = await LogStore.open({ directory, retention, segmentBytes, onPutBack: (what) => say(`restored ${what}`) });
say(`open ${store.place.tail} ${store.place.head}`);
let next = 0;
let refused = 0;

async function appendAll(): Promise<void> {
  while (next < most && refused < refusals) {
    const n = next++;
    const data = `${run}:${n}:${"x".repeat(n % size)}`;
    const update = { topics: ["t"], data, id: `${run}-${n}`, type: undefined, retry: undefined, private: false };
    const request = encodeAppend({
      batch: n % 7 === 0 ? [update, { ...update, id: undefined }] : [update],
      steps: n % 5 === 0 ? [{ key: `k${n % 100}`, value: data }] : [],
    });
    try {
      const outcome = await store.append(request);
      if (outcome.kind === "appended") say(`ack ${outcome.first} ${data}`);
    } catch (error) {
      refused++;
      say(`failed ${(error as { readonly code: string }).code}`);
    }
  }
}

await Promise.all(Array.from({ length: 16 }, appendAll));
await store.close();
say("closed");
