import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../packages/client/src/index.ts";
import { startNginx } from "../protocol/nginx.ts";
import { startHub } from "../support/server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const WAIT = { timeout: 30_000 };

test(
  "behind an nginx that buffers, updates are polled for within 10 s and come once, and later the stream is used",
  { timeout: 90_000 },
  async () => {
    const { hub, origin } = await startHub();
    const upstream = Number(new URL(origin).port);
    const portOf = async (buffering: "on" | "off"): Promise<number> =>
      Number(new URL(await startNginx(upstream, `proxy_buffering ${buffering}; proxy_ignore_headers X-Accel-Buffering;`)).port);
    const front = await TcpProxy.start(await portOf("on"));
    const streams = await portOf("off");
    // The time of the first bytes is the default.
    const connection = connect(`http://127.0.0.1:${front.port}/events/stream`, { pollMs: 4000, retryMs: 10 });
    onTestFinished(() => connection.close());
    const got: string[] = [];
    connection.topic("t").on("*", ({ data }) => got.push(data));
    await expect.poll(() => connection.state, { timeout: 10_000 }).toMatchObject({ status: "live", transport: "polling" });
    let count = 0;
    const publishing = setInterval(() => void hub.publish({ topic: "t", data: String(count++) }), 5);
    onTestFinished(() => clearInterval(publishing));
    await expect.poll(() => got.length, WAIT).toBeGreaterThan(500);
    front.retarget(streams);
    await expect.poll(() => connection.state, WAIT).toMatchObject({ status: "live", transport: "stream" });
    clearInterval(publishing);
    await expect.poll(() => got.length, WAIT).toBe(count);
    expect(got).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  },
);
