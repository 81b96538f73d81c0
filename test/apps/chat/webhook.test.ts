import { describe, expect, test } from "vitest";
import { webhookBot } from "../../../demo/src/chat/server/index.ts";
import { answering, context, MESSAGE, service } from "./bot-service.ts";

const LOGIN = "<!DOCTYPE html><html><head><title>Sign in &middot; Example</title></head><body><form></form></body></html>";

async function said(type: string | undefined, body: string, status?: number): Promise<unknown> {
  return await webhookBot({ url: await answering(type, body, status) }).reply(MESSAGE, context());
}

describe("webhookBot", () => {
  test.each<[string, string | undefined, string, string]>([
    ["a JSON string", "application/json", '"Deep"', "Deep"],
    ["a list of texts, as Rasa's", "application/json", '[{"recipient_id":"a","text":"One"},{"image":"x"},{"text":"Two"}]', "One\nTwo"],
    ["Dialogflow's text", "application/json", '{"fulfillmentText":"Deep"}', "Deep"],
    ["Dialogflow's messages", "application/json", '{"fulfillmentText":"","fulfillmentMessages":[{"text":{"text":["Deep"]}}]}', "Deep"],
    [
      "Dialogflow CX",
      "application/json",
      '{"fulfillment_response":{"messages":[{"text":{"text":["A"]}},{"text":{"text":["B"]}}]}}',
      "A\nB",
    ],
    [
      "Dialogflow's own API",
      "application/json",
      '{"responseId":"1","queryResult":{"queryText":"How deep is it?","fulfillmentText":"Deep","intent":{"displayName":"depth"}}}',
      "Deep",
    ],
    [
      "the own API of Dialogflow CX",
      "application/json",
      '{"queryResult":{"text":"How deep is it?","responseMessages":[{"text":{"text":["A"]}},{"endInteraction":{}},{"text":{"text":["B"]}}]}}',
      "A\nB",
    ],
    ["`reply`", "application/json", '{"reply":"Deep"}', "Deep"],
    ["`message`", "application/json", '{"message":"Deep"}', "Deep"],
    ["`output` in a list, as n8n's", "application/json", '[{"output":"Deep"}]', "Deep"],
    ["`text` before an acknowledgement", "application/json", '{"message":"","output":null,"text":"Deep"}', "Deep"],
    ["a number", "application/json", '{"text":42}', "42"],
    ["JSON labelled as text", "text/plain", '{"text":"Deep"}', "Deep"],
    ["JSON labelled as a page, as PHP does", "text/html; charset=UTF-8", ' {"reply":"Deep"}', "Deep"],
    ["text labelled as a page, as PHP does", "text/html; charset=UTF-8", "Deep, 3 < 4", "Deep, 3 < 4"],
    ["text labelled as JSON", "application/json", "Deep it is", "Deep it is"],
    ["JSON without a label", undefined, '{"text":"Deep"}', "Deep"],
    ["a text in braces", "text/plain", "{shrugs}", "{shrugs}"],
    ["a text in quotes", "text/plain", '"Deep" they say', '"Deep" they say'],
  ])("takes %s", async (_, type, body, expected) => {
    expect(await said(type, body)).toBe(expected);
  });

  const history = Array.from({ length: 12 }, (_, i) => ({ nickname: "Ada", text: `line ${i}`, bot: false }));
  const asking = (path: string, text = "How deep is it?"): Promise<unknown> =>
    service((res) => res.writeHead(200, { "Content-Type": "text/plain" }).end("Deep")).then(async ({ origin, asked }) => {
      await webhookBot({ url: origin + path }).reply({ ...MESSAGE, text }, { ...context(), history, session: "s/1" });
      return asked[0];
    });

  test("sends one body for our form, Rasa and both Dialogflows, with the session and the last lines", async () => {
    expect(await asking("/reply")).toMatchObject({
      url: "/reply",
      body: {
        room: "lobby",
        nickname: "Ada",
        text: "How deep is it?",
        session: "s/1",
        history: history.slice(-10),
        sender: "s/1",
        message: "How deep is it?",
        languageCode: "en",
        queryResult: { queryText: "How deep is it?", languageCode: "en" },
        sessionInfo: { session: "s/1" },
        fulfillmentInfo: { tag: "chat" },
      },
    });
    expect(await asking("/reply", "它有多深？")).toMatchObject({ body: { languageCode: "zh-CN" } });
  });

  test("sends nothing else to Dialogflow's own APIs, with the session in the address", async () => {
    const payload = { room: "lobby", nickname: "Ada", history: history.slice(-10) };
    expect(await asking("/v2/projects/p/agent/sessions/{session}:detectIntent")).toMatchObject({
      url: "/v2/projects/p/agent/sessions/s%2F1:detectIntent",
      body: { queryInput: { text: { text: "How deep is it?", languageCode: "en" } }, queryParams: { payload } },
    });
    const cx = (await asking("/v3/projects/p/locations/l/agents/a/sessions/{session}:detectIntent")) as { body: object };
    expect(cx).toMatchObject({ url: "/v3/projects/p/locations/l/agents/a/sessions/s%2F1:detectIntent" });
    expect(cx.body).toEqual({ queryInput: { text: { text: "How deep is it?" }, languageCode: "en" }, queryParams: { payload } });
  });

  test.each<[string, string | undefined, string, number]>([
    ["204", undefined, "", 204],
    ["an empty body labelled JSON", "application/json", "", 200],
    ["blanks", "text/plain", " \n", 200],
    ["null", "application/json", "null", 200],
    ["an empty list", "application/json", "[]", 200],
    ["an empty object", "application/json", "{}", 200],
    ["a text that is null", "application/json", '{"text":null}', 200],
    ["an acknowledgement", "application/json", '{"ok":true,"status":"received"}', 200],
    ["a list without texts", "application/json", '[{"image":"https://example.com/a.png"}]', 200],
  ])("says nothing at %s", async (_, type, body, status) => {
    expect((await said(type, body, status)) ?? "").toBe("");
  });

  test.each([
    ["text/html", LOGIN],
    ["text/plain", LOGIN],
    ["application/json", `\n${LOGIN}`],
    ["text/html", "Please <a href='/login'>sign in</a>"],
    ["text/html", "<!-- cached --><p>Sign in</p>"],
  ])("never says a page, as %s", async (type, body) => {
    const failure = await said(type, body).then(
      (text) => expect.fail(`said ${JSON.stringify(text)}`),
      (error: unknown) => String(error),
    );
    expect(failure).toContain("a web page");
    if (body.includes("<title>")) expect(failure).toContain("Sign in · Example");
  });

  test.each([301, 302, 307, 308])("posts again where a %i leads", async (status) => {
    const { origin, asked } = await service((res, req) => {
      if (req.url === "/reply") res.writeHead(status, { Location: "/reply/" }).end();
      else res.writeHead(200, { "Content-Type": "text/plain" }).end("Deep");
    });
    expect(await webhookBot({ url: `${origin}/reply`, headers: { Authorization: "Bearer key" } }).reply(MESSAGE, context())).toBe("Deep");
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST /reply", "POST /reply/"]);
    expect(asked[1]).toMatchObject({ body: MESSAGE, headers: { authorization: "Bearer key", "content-type": "application/json" } });
  });

  test("sends its headers to no other origin", async () => {
    const other = await service((res) => res.writeHead(200, { "Content-Type": "text/plain" }).end("Deep"));
    const { origin } = await service((res) => res.writeHead(308, { Location: other.origin }).end());
    const bot = webhookBot({ url: origin, headers: { Authorization: "Bearer key", "X-Key": "key" } });
    expect(await bot.reply(MESSAGE, context())).toBe("Deep");
    expect(other.asked[0]).toMatchObject({ method: "POST", body: MESSAGE });
    expect(other.asked[0]?.headers).not.toHaveProperty("authorization");
    expect(other.asked[0]?.headers).not.toHaveProperty("x-key");
  });

  test.each([
    ["a 303, which asks for a GET", 303, "/login"],
    ["a 304", 304, "/reply"],
    ["a circle", 307, "/reply"],
    ["no address", 302, ""],
    ["another protocol", 302, "ftp://example.com/"],
  ])("follows no redirect with %s", async (_, status, location) => {
    const { origin, asked } = await service((res) =>
      res.writeHead(status, location === "" ? {} : { Location: location }).end("Look there"),
    );
    await expect(webhookBot({ url: `${origin}/reply` }).reply(MESSAGE, context())).rejects.toThrow(/redirect|304/);
    expect(asked.every(({ method }) => method === "POST")).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(6);
  });

  test.each([
    ["application/json", '{"error":{"message":"No credit left"}}', "No credit left"],
    ["application/problem+json", '{"title":"Bad Request","detail":"No credit left"}', "No credit left"],
    ["text/html", "<html><title>502 Bad Gateway</title>", "502 Bad Gateway"],
    ["text/plain", "No credit\u001b[31m left", "No credit [31m left"],
  ])("throws the service's own words, from %s", async (type, body, words) => {
    await expect(said(type, body, 500)).rejects.toThrow(`answered 500: ${words}`);
  });

  test("throws the words of an error that came with 200", async () => {
    await expect(said("application/json", '{"error":"No credit left"}')).rejects.toThrow("No credit left");
    expect(await said("application/json", '{"error":null,"text":"Deep"}')).toBe("Deep");
  });

  test("keeps its key out of the service's words", async () => {
    const origin = await answering("text/plain", "Unknown key Bearer sesame-1234", 401);
    const failure = webhookBot({ url: origin, headers: { Authorization: "Bearer sesame-1234" } }).reply(MESSAGE, context());
    await expect(failure).rejects.toThrow("answered 401: Unknown key");
    await expect(failure).rejects.not.toThrow("sesame");
  });
});
