import { describe, expect, it } from "vitest";
import { startHub } from "../../support/server.ts";
import { send } from "../../cli/command.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** The media type of the answer to a publish with this `Accept` field. */
async function answeredWith(url: string, accept: string | undefined): Promise<string | undefined> {
  const headers = { ...FORM, ...(accept === undefined ? {} : { accept }) };
  const answer = await send(url, { method: "POST", headers }, "topic=a&id=x");
  expect(answer.status, accept).toBe(200);
  if (answer.headers["content-type"] === "application/json") expect(JSON.parse(answer.body), accept).toEqual({ id: "x" });
  else expect(answer.body, accept).toBe("x");
  return answer.headers["content-type"];
}

describe("the answer to a publish", () => {
  it.each([
    undefined,
    "",
    "*/*",
    // axios and Angular, by default.
    "application/json, text/plain, */*",
    "application/json,*/*",
    "application/json;q=0",
    "application/json;q=0.0, */*;q=0",
    "application/jsonp",
    "application/json-seq",
    "text/application/json",
    "application/json;q=0.5, text/plain",
    "application/json;q=0.5, text/*;q=0.6",
    "application/*;q=0.2, */*;q=0.2",
    "application/json;profile=x",
    "application/json;q=2",
    "application/json;q=high",
    "application/json;q=0.1234",
    'text/html;title=", application/json"',
    "text/html",
    "application",
    ";,;,",
  ])("is text for Accept: %s", async (accept) => {
    const { url } = await startHub();
    expect(await answeredWith(url, accept)).toBe("text/plain; charset=utf-8");
  });

  it.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=UTF-8",
    'application/json;charset="utf-8"',
    "application/json, text/plain;q=0.9, */*;q=0.8",
    "application/json, */*;q=0.1",
    "application/*",
    "text/plain;q=0.5, application/json;q=0.501",
    "text/plain;q=0, */*",
    "text/*;q=0.3, */*;q=0.4",
    'text/html;title="a,b";q=1 , application/json ; q=0.9',
  ])("is JSON for Accept: %s", async (accept) => {
    const { url } = await startHub();
    expect(await answeredWith(url, accept)).toBe("application/json");
  });
});

describe("a subscriber that cannot be served now", () => {
  it("gets a stream that ends only if it names that type", async () => {
    const { hub, url } = await startHub({ connections: 1 });
    const first = await fetch(url);
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    const status = async (accept: string): Promise<number | undefined> => (await send(url, { headers: { accept } })).status;
    expect(await status("text/event-stream")).toBe(200);
    expect(await status("text/html, TEXT/event-stream;q=0.5")).toBe(200);
    for (const accept of ["*/*", "text/event-stream;q=0, */*", "text/event-streams", "text/*"])
      expect(await status(accept), accept).toBe(503);
    await first.body?.cancel();
  });
});
