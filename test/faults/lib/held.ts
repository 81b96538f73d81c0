import type { Entry } from "../checker/history.ts";
import { nowMs, within } from "./clock.ts";
import { keyOf } from "./payload.ts";
import { ask, PROBE_TYPE } from "./probe.ts";
import { read } from "./readers.ts";
import { witness } from "./standard-load.ts";
import { mint } from "./tokens.ts";

const READ_MS = 20_000;
/** Nothing more is expected after this long without any, in milliseconds: with a last update that was taken, and without one. */
const SILENCE_MS = { taken: 5000, refused: 500 } as const;

/**
 * Reads all that a hub holds, with the right to do so. A probe is published for the end.
 *
 * @returns What was received, for the checker, and how the publish of the probe was answered.
 * @throws Error when it can't be read, as where the server ends.
 */
export async function readHeld(hub: string): Promise<{ readonly entries: readonly Entry[]; readonly status: number | undefined }> {
  const entries: Entry[] = [];
  const plan = await witness("held");
  const { status } = await ask(hub, { token: await mint({ publish: ["*"] }), data: "end" });
  let close = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve, reject) => {
    const expectMore = (): void => {
      clearTimeout(timer);
      timer = setTimeout(resolve, status === 200 ? SILENCE_MS.taken : SILENCE_MS.refused);
    };
    expectMore();
    close = read(hub, plan, {
      opened: () => void entries.push({ kind: "opened", atMs: nowMs() }),
      lost: (reason) => {
        if (reason === "ECONNREFUSED") reject(new Error("The server has ended."));
      },
      event: (type, data, id) => {
        if (type !== "hub:drain") expectMore();
        if (type === PROBE_TYPE) resolve();
        else if (type === "hub:gap") entries.push({ kind: "gap", reason: (JSON.parse(data) as { reason: string }).reason });
        else if (!type.startsWith("hub:")) entries.push(toEntry(type, data, id));
      },
    });
  });
  try {
    await within(READ_MS, "Reading what is held", done);
    return { entries: [...entries, { kind: "end" }], status };
  } finally {
    clearTimeout(timer);
    close();
  }
}

function toEntry(type: string, data: string, id: string): Entry {
  const key = type === "message" ? keyOf(data) : undefined;
  return key === undefined ? { kind: "damaged", text: `${type}: ${data.slice(0, 200)}` } : { kind: "update", key, id };
}
