import { expect, onTestFinished, test } from "vitest";
import { connectTopics } from "../../packages/client/src/index.ts";
import { startHub } from "../support/server.ts";

test("a connection for topics alone delivers updates, and neither publishes nor keeps states", async () => {
  const { hub, url } = await startHub();
  const live = connectTopics(url, { retryMs: 20 });
  onTestFinished(() => live.close());
  const got: string[] = [];
  live.topic("/orders/:id").on("*", ({ data }) => got.push(data));
  await expect.poll(() => live.state.status).toBe("live");
  await hub.publish({ topic: "/orders/1", data: "one" });
  await hub.publish({ topic: "/users/1", data: "other" });
  await hub.publish({ topic: "/orders/2", data: "two" });
  await expect.poll(() => got).toEqual(["one", "two"]);
  expect(Object.keys(live).toSorted()).toEqual(["close", "onGap", "onState", "state", "topic"]);
  live.close();
  expect(live.state.status).toBe("closed");
});

test("options of publishing are refused, which would do nothing", () => {
  expect(() => connectTopics("http://127.0.0.1:1/events/stream", { maxQueued: 5 } as object)).toThrow("There is no option `maxQueued`.");
});
