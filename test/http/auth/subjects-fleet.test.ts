import { createServer } from "node:http";
import { createHub, type Hub, type Rights } from "artesian";
import { logJournal } from "artesian/journals/log";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../support/directory.ts";
import { listen } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

it("a user's streams end, and change, in all processes of a journal", async () => {
  const directory = temporaryDirectory();
  let rights: Rights | undefined = { subject: "ada", subscribe: ["/users/ada"] };
  const start = async (): Promise<{ hub: Hub; url: string }> => {
    const hub = createHub({ journal: await logJournal({ directory }), drainMs: 500, authorize: () => rights });
    onTestFinished(() => hub.close());
    return { hub, url: `${await listen(createServer(hub.handler))}/events/stream?match_urlpattern=/:kind/:id` };
  };
  const [first, second] = [await start(), await start()];
  const streams = [await openStream(first.url), await openStream(second.url)] as const;
  await first.hub.publish({ topic: "/rooms/1", data: "too early" });
  rights = { subject: "ada", subscribe: ["/users/ada", "/rooms/1"] };
  await first.hub.publish({ topic: "/rooms/all", data: "for all", private: false });
  for (const stream of streams) expect((await stream.next()).data).toBe("for all");
  await first.hub.reauthorize({ subject: "ada" });
  for (const stream of streams) {
    // A stream that is judged again reads on from its place.
    const publishing = setInterval(() => void first.hub.publish({ topic: "/rooms/1", data: "now" }), 50);
    expect((await stream.next()).data).toBe("now");
    clearInterval(publishing);
  }
  rights = undefined;
  await second.hub.disconnect({ subject: "ada" });
  await Promise.all(streams.map(({ ended }) => ended));
  expect((await fetch(first.url)).status).toBe(401);
});
