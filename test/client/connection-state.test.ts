import { expect, onTestFinished, test } from "vitest";
import { connect, type ConnectionState, type ConnectOptions, type Live } from "../../packages/client/src/index.ts";
import { startHub } from "../support/server.ts";
import { answer, scripted, stream } from "./server.ts";

/** How a hub begins a stream. */
const CURSOR = "id: 1\nevent: hub:cursor\ndata: {}\n\n";

function live(url: string, options: ConnectOptions = {}): { readonly connection: Live; readonly states: readonly ConnectionState[] } {
  const connection = connect(url, { retryMs: 20, maxRetryMs: 50, ...options });
  onTestFinished(() => connection.close());
  const states: ConnectionState[] = [];
  connection.onState((state) => states.push(state));
  return { connection, states };
}

test("a refusal is told with its status, and asked again after the longest delay", async () => {
  const problem = JSON.stringify({ code: "insufficient_scope", detail: "Not for you." });
  const refused = answer(403, problem, { "content-type": "application/problem+json" });
  const { url } = await scripted(refused, refused, stream("id: 1\ndata: a\n\n"));
  const { connection, states } = live(url);
  const got: string[] = [];
  connection.topic("*").on("*", ({ data }) => got.push(data));
  await expect.poll(() => got).toEqual(["a"]);
  const refusal = { status: "offline", reason: "Not for you.", httpStatus: 403 };
  expect(states.filter(({ status }) => status === "offline")).toMatchObject([refusal, refusal]);
  expect(states[0]?.nextAttemptAt).toBeTypeOf("number");
  expect(connection.state).toMatchObject({ status: "live", httpStatus: undefined, reason: undefined });
});

test("an outage has the status of the answer, and a lost stream has none", async () => {
  const { url } = await scripted(answer(503, ""), (res) => res.destroy(), stream(CURSOR));
  const { connection, states } = live(url);
  connection.topic("*").on("*", () => undefined);
  await expect.poll(() => connection.state.status).toBe("live");
  expect(states.filter(({ status }) => status === "offline").map(({ httpStatus }) => httpStatus)).toEqual([503, undefined]);
});

test("a token that can't be renewed is told while the stream is live, until one is", async () => {
  const expiring = 'event: hub:expiring\ndata: {"subscriber":"one"}\n\n';
  let write = (): void => undefined;
  const open = stream(CURSOR);
  const { url, requests } = await scripted(
    (res, req) => {
      open(res, req);
      write = () => void res.write(expiring);
    },
    answer(404, ""),
    answer(204, ""),
  );
  const { connection } = live(url, { token: () => "token" });
  connection.topic("*").on("*", () => undefined);
  await expect.poll(() => connection.state.status).toBe("live");
  write();
  await expect.poll(() => connection.state).toMatchObject({ status: "live", reason: expect.stringContaining("not renewed") });
  write();
  await expect.poll(() => connection.state).toMatchObject({ status: "live", reason: undefined });
  expect(requests.map(({ method }) => method)).toEqual(["GET", "POST", "POST"]);
});

test("a lively stream that resumed is live in the end", async () => {
  const { hub, url } = await startHub();
  const first = await hub.publish({ topic: "/a" });
  const { connection, states } = live(url, { lastEventId: first });
  connection.topic("/a").on("*", () => undefined);
  const publishing = setInterval(() => void hub.publish({ topic: "/a" }), 50);
  onTestFinished(() => clearInterval(publishing));
  await expect.poll(() => states.map(({ status }) => status)).toEqual(["catching-up", "live"]);
});

test("a relative topic is the hub's, also at the alias", async () => {
  const { hub, url } = await startHub();
  const { connection } = live(url);
  const got: string[] = [];
  connection.topic("/.well-known/:word").on("*", ({ data }) => got.push(data));
  await expect.poll(() => connection.state.status).toBe("live");
  await hub.publish({ topic: "greeting", data: "hello" });
  await expect.poll(() => got).toEqual(["hello"]);
});
