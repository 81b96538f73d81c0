import { connect, type ConnectOptions, type Live } from "artesian-client";
import { fetchServerInfo, SERVER_PATH } from "./server-info.ts";
import { type Counts, Tally } from "./tally.ts";
import type { HappeningFields, LayerTexts } from "./texts.en.ts";

/** Pause between two numbers, in milliseconds. */
const PAUSE_MS = 250;
/** The longest demonstration, in milliseconds. A forgotten page must not fill the journal. */
const LONGEST_MS = 120_000;
/** How long an ended demonstration waits for the last numbers, in milliseconds. */
const LAST_MS = 15_000;
/** Pause between two questions whether the server is there again, and how long to ask, in milliseconds. */
const ASK_MS = { pause: 200, longest: 60_000 } as const;
/** Most numbers and sentences that are shown. */
const SHOWN = { numbers: 60, happenings: 5 } as const;

/** Comes back soon, since people watch. */
const SOON = { retryMs: 250, maxRetryMs: 1000, retryCeilingMs: 1000 } as const satisfies ConnectOptions;

/** A sentence about the demonstration. */
export interface Happening extends HappeningFields {
  readonly kind: keyof LayerTexts["show"]["happened"];
  readonly key: number;
}

/** State of the demonstration. */
export interface Snapshot {
  readonly state: "idle" | "connecting" | "running" | "ended";
  /** Whether the page left on purpose. */
  readonly isAway: boolean;
  /** Whether the page may leave: there is a cursor to come back to. */
  readonly canLeave: boolean;
  readonly isKilling: boolean;
  readonly counts: Counts;
  /** The newest first. */
  readonly happenings: readonly Happening[];
}

export interface Run {
  readonly start: () => void;
  readonly stop: () => void;
  /** Closes the stream, and keeps the cursor. */
  readonly leave: () => void;
  /** Opens the stream at the cursor. */
  readonly comeBack: () => void;
  readonly kill: () => Promise<void>;
  readonly close: () => void;
}

export const IDLE: Snapshot = {
  state: "idle",
  isAway: false,
  canLeave: false,
  isKilling: false,
  counts: new Tally().counts(0, 0),
  happenings: [],
};

/**
 * Publishes numbers, and counts the returning numbers on an own stream.
 *
 * @param tell - Called with each change.
 */
export function createRun(url: string, tell: (snapshot: Snapshot) => void): Run {
  let tally = new Tally();
  let topic = "";
  let state: Snapshot["state"] = "idle";
  let publisher: Live | undefined;
  let receiver: Live | undefined;
  let cursor: string | undefined;
  let isOpen = false;
  let isAway = false;
  let isKilling = false;
  let isClosed = false;
  let startedMs = 0;
  let endedMs = 0;
  /** How many had come by replay when the stream was opened again. Undefined if that was told. */
  let replayedBefore: number | undefined;
  let happenings: readonly Happening[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;

  function show(): void {
    if (isClosed) return;
    const counts = tally.counts(performance.now(), SHOWN.numbers);
    tell({ state, isAway, canLeave: cursor !== undefined, isKilling, counts, happenings });
  }

  function note(kind: Happening["kind"], fields: HappeningFields = {}): void {
    const key = (happenings[0]?.key ?? 0) + 1;
    happenings = [{ kind, key, ...fields }, ...happenings.slice(0, SHOWN.happenings - 1)];
    show();
  }

  function noteReplay(): void {
    const count = tally.replayed - (replayedBefore ?? tally.replayed);
    replayedBefore = undefined;
    if (count > 0) note("replayed", { count });
  }

  function open(): void {
    receiver = connect(url, { ...SOON, pauseHiddenMs: 20_000, ...(cursor === undefined ? {} : { lastEventId: cursor }) });
    receiver.onState(({ status }) => {
      // By this page, which knows.
      if (status === "closed") return;
      const wasOpen = isOpen;
      isOpen = status === "live" || status === "catching-up";
      if (isOpen !== wasOpen) tally.setOpened(isOpen ? performance.now() : undefined);
      if (isOpen && !wasOpen) replayedBefore = tally.replayed;
      if (isOpen && state === "connecting") begin();
      show();
    });
    receiver.topic(topic).on("number", ({ id, data }) => {
      cursor = id;
      const before = tally.replayed;
      tally.receive(Number(data));
      // The first that is not from the past ends the replay.
      if (tally.replayed === before) noteReplay();
    });
  }

  function begin(): void {
    state = "running";
    startedMs = performance.now();
    note("started");
    timer = setInterval(tick, PAUSE_MS);
    tick();
  }

  function tick(): void {
    const now = performance.now();
    if (state === "running" && now - startedMs > LONGEST_MS) end("overTime");
    if (state === "running") {
      const number = tally.send();
      publisher?.publish({ topic, type: "number", data: String(number) }).then(
        () => tally.acknowledge(number, performance.now()),
        // The tally shows a dropped number as lost or on the way.
        () => undefined,
      );
    } else if (tally.isComplete || now - endedMs > LAST_MS) release();
    show();
  }

  function end(kind: "ended" | "overTime"): void {
    state = "ended";
    endedMs = performance.now();
    if (isAway) comeBack();
    note(kind);
  }

  function release(): void {
    clearInterval(timer);
    noteReplay();
    receiver?.close();
    publisher?.close();
  }

  function comeBack(): void {
    if (!isAway) return;
    isAway = false;
    open();
    show();
  }

  /** Asks until another process answers. */
  async function untilBack(killed: number, killedMs: number): Promise<void> {
    while (performance.now() - killedMs < ASK_MS.longest) {
      await new Promise((resolve) => setTimeout(resolve, ASK_MS.pause));
      if (isClosed) return;
      // Nobody answers yet.
      const info = await fetchServerInfo().catch(() => undefined);
      if (info === undefined || info.process === killed) continue;
      note("back", { process: info.process, ms: performance.now() - killedMs });
      return;
    }
  }

  return {
    start() {
      release();
      tally = new Tally();
      topic = `/demonstration/${Math.random().toString(36).slice(2)}`;
      [cursor, isOpen, isAway, happenings, replayedBefore] = [undefined, false, false, [], undefined];
      state = "connecting";
      publisher = connect(url, { ...SOON, maxQueued: LONGEST_MS / PAUSE_MS });
      open();
      show();
    },
    stop: () => {
      if (state === "running") end("ended");
    },
    leave() {
      if (state !== "running" || isAway || cursor === undefined) return;
      isAway = true;
      isOpen = false;
      tally.setOpened(undefined);
      receiver?.close();
      note("left");
    },
    comeBack,
    async kill() {
      if (isKilling) return;
      isKilling = true;
      show();
      try {
        const response = await fetch(`${SERVER_PATH}/kill`, { method: "POST" });
        const killedMs = performance.now();
        if (response.status === 429) note("notYet", { seconds: Number(response.headers.get("Retry-After")) });
        else if (!response.ok) note("cannot");
        else {
          const { process } = (await response.json()) as { process: number };
          note("killed", { process });
          await untilBack(process, killedMs);
        }
      } catch {
        note("cannot");
      } finally {
        isKilling = false;
        show();
      }
    },
    close() {
      isClosed = true;
      release();
    },
  };
}
