import { expect, onTestFinished, test } from "vitest";
import { ClientError, connect, publish, subscribe } from "../../packages/client/src/index.ts";
import { createEventSource } from "../../packages/client/src/event-source.ts";
import { answer, scripted, stream } from "./server.ts";
import { WAIT } from "./watch.ts";

const REDIRECTS = { code: "http_error", message: expect.stringContaining("redirects") };

test.each([301, 302, 303, 307, 308])("an update is not sent on by a redirect, and the error says so: %i", async (status) => {
  const other = await scripted(answer(200, '{"id":"1"}', { "content-type": "application/json" }));
  const hub = await scripted(answer(status, "", { location: other.url }));
  const update = { topic: "a", data: "secret", private: true };
  await expect(publish(hub.url, update, { headers: { "x-secret": "s3" } })).rejects.toMatchObject({ ...REDIRECTS, status });
  const live = connect(hub.url);
  onTestFinished(() => live.close());
  await expect(live.publish(update)).rejects.toMatchObject({ ...REDIRECTS, status });
  expect(other.requests).toEqual([]);
});

test("a browser's answer to a redirect is refused in the same words", async () => {
  const fetch = async (): Promise<Response> => Response.error();
  await expect(publish("http://hub.example/", { topic: "a" }, { fetch })).rejects.toMatchObject({
    ...REDIRECTS,
    status: 0,
    temporary: false,
  });
});

test("a stream of another origin is refused, and one of the same origin is read", async () => {
  const other = await scripted(stream("data: theirs\n\n"));
  const hub = await scripted(
    (res) => res.writeHead(307, { location: "/moved" }).end(),
    stream("data: ours\n\n"),
    answer(307, "", { location: other.url }),
  );
  const own = subscribe(hub.url)[Symbol.asyncIterator]();
  expect((await own.next()).value).toMatchObject({ data: "ours" });
  await own.return?.();
  const theirs = subscribe(hub.url)[Symbol.asyncIterator]();
  const refused: unknown = await theirs.next().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ClientError);
  expect(refused).toMatchObject(REDIRECTS);
});

test("a connection whose stream is redirected to another origin is offline, and says why", async () => {
  const other = await scripted(stream("id: 1\ndata: theirs\n\n"));
  const hub = await scripted(answer(307, "", { location: other.url }));
  const live = connect(hub.url);
  onTestFinished(() => live.close());
  const got: unknown[] = [];
  live.topic("*").on("*", ({ data }) => got.push(data));
  await expect.poll(() => live.state, WAIT).toMatchObject({ status: "offline", reason: expect.stringContaining("redirects") });
  expect(got).toEqual([]);
});

test("a source follows to another origin, as the standard says", async () => {
  const other = await scripted(stream("data: theirs\n\n"));
  const hub = await scripted(answer(307, "", { location: other.url }));
  const source = createEventSource(hub.url);
  onTestFinished(() => source.close());
  const event = await new Promise<MessageEvent>((resolve) => source.addEventListener("message", resolve));
  expect([event.data, event.origin]).toEqual(["theirs", new URL(other.url).origin]);
});
