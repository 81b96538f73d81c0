import type { Browser, CDPSession } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { browser } from "../support.ts";
import type { TabOptions, TabState } from "./tab-pages.ts";

/** A tab that Playwright does not hold awake: its pages count as shown, and so can't be frozen. */
export interface RawTab {
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  readonly evaluate: <T>(expression: string) => Promise<T>;
  readonly look: () => Promise<TabState>;
  readonly freeze: () => Promise<void>;
  readonly resume: () => Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly result?: Record<string, unknown>;
}

/** Opens tabs of one profile, each in another window. */
export async function rawProfile(
  launched?: Browser,
): Promise<(url: string, topics?: readonly string[], options?: TabOptions) => Promise<RawTab>> {
  const cdp: CDPSession = await (launched ?? (await browser())).newBrowserCDPSession();
  const { browserContextId } = await cdp.send("Target.createBrowserContext");
  onTestFinished(async () => {
    await cdp.send("Target.disposeBrowserContext", { browserContextId });
    await cdp.detach();
  });
  const pending = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
    const answer = JSON.parse(message) as Answer;
    pending.get(answer.id)?.(answer);
    pending.delete(answer.id);
  });
  return async (url, topics = ["/a"], options = { share: "tabs" }) => {
    const { targetId } = await cdp.send("Target.createTarget", { url, browserContextId, newWindow: true });
    const { sessionId } = await cdp.send("Target.attachToTarget", { targetId, flatten: false });
    const send: RawTab["send"] = async (method, params = {}) => {
      const id = ++lastId;
      const answer = new Promise<Answer>((resolve) => pending.set(id, resolve));
      await cdp.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) });
      return (await answer).result ?? {};
    };
    const evaluate = async <T>(expression: string): Promise<T> => {
      const { result } = await send("Runtime.evaluate", { expression: `JSON.stringify(${expression})`, awaitPromise: true });
      const { value } = result as { value?: string };
      return (value === undefined ? undefined : JSON.parse(value)) as T;
    };
    await expect.poll(() => evaluate("typeof start")).toBe("function");
    await evaluate(`start(${JSON.stringify(topics)}, ${JSON.stringify(options)})`);
    return {
      send,
      evaluate,
      look: () => evaluate("tab"),
      freeze: async () => void (await send("Page.setWebLifecycleState", { state: "frozen" })),
      async resume() {
        await send("Page.setWebLifecycleState", { state: "active" });
        await send("Page.bringToFront");
      },
    };
  };
}
