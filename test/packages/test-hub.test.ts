import { connect } from "artesian-client";
import { createTestHub } from "artesian/testing";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

afterEach(() => void vi.useRealTimers());

describe("createTestHub", () => {
  it("shows what an application published, and waits for more", async () => {
    await using hub = createTestHub();
    await hub.publish({ topic: "/orders/1", data: "paid", type: "order" });
    expect(hub.published("/orders/1")).toMatchObject([{ topics: ["/orders/1"], data: "paid", type: "order", private: false }]);
    expect(hub.published("/orders/2")).toEqual([]);
    const waiting = hub.waitFor(({ data }) => data === "sent");
    await hub.publish({ topic: "/orders/2", data: "sent" });
    expect((await waiting).topics).toEqual(["/orders/2"]);
    expect((await hub.waitFor("/orders/1")).data).toBe("paid");
    await expect(hub.waitFor("/orders/3", { timeoutMs: 50 })).rejects.toThrow(
      /"\/orders\/3" was not published within 50 ms[^]*\/orders\/1: paid/,
    );
    expect(hub.draining).toBe(false);
    await hub.close();
    expect(hub.draining).toBe(true);
  });

  it("serves the client without a server", async () => {
    await using hub = createTestHub();
    const live = connect(hub.url, { fetch: hub.clientFetch });
    onTestFinished(() => live.close());
    const heard = new Promise<string>((resolve) => void live.topic("greeting").on("*", ({ data }) => resolve(data)));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await live.publish({ topic: "greeting", data: "Hello!" });
    expect(await heard).toBe("Hello!");
    expect(hub.published().map(({ id }) => id)).toEqual([(await hub.waitFor("greeting")).id]);
  });

  it("works under fake timers", async () => {
    vi.useFakeTimers();
    const hub = createTestHub();
    await hub.publish({ topic: "now", data: "1" });
    expect((await hub.waitFor("now")).data).toBe("1");
    await expect(hub.waitFor("never", { timeoutMs: 20 })).rejects.toThrow("was not published");
    await hub.close();
  });
});
