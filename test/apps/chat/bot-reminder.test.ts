import { expect, test } from "vitest";
import { send, startServer } from "../../cli/command.ts";
import { freePort } from "../../support/free-port.ts";
import { temporaryDirectory } from "../../support/directory.ts";

/** The lobby of a real demo: its messages, and how somebody writes there. */
async function lobby(url: string): Promise<{ say: (text: string) => Promise<void>; texts: () => Promise<readonly string[]> }> {
  const json = { "content-type": "application/json" };
  const answer = await send(`${url}/chat/lobby/token`, { method: "POST", headers: json }, "{}");
  const { token } = JSON.parse(answer.body) as { token: string };
  const headers = { ...json, authorization: `Bearer ${token}` };
  return {
    async say(text) {
      const message = JSON.stringify({ id: `message-${Date.now()}`, nickname: "Ada", text });
      expect((await send(`${url}/chat/lobby/messages`, { method: "POST", headers }, message)).status).toBe(201);
    },
    async texts() {
      const { body } = await send(`${url}/chat/lobby/state`, { headers });
      return ((JSON.parse(body) as { messages?: readonly { text: string }[] }).messages ?? []).map(({ text }) => text);
    },
  };
}

test("a reminder outlives kill -9, and comes once, also if it was due meanwhile", async () => {
  const data = temporaryDirectory();
  const port = String(await freePort());
  const first = await startServer(["--data", data, "--port", port], {}, "demo");
  const before = await lobby(first.url);
  await before.say("@artie /remind 2s tea");
  await expect.poll(before.texts).toContainEqual(expect.stringMatching(/^I will remind you in 2 seconds: tea\./));
  await before.say("@artie 一小时后提醒我喝茶");
  await expect.poll(before.texts).toContainEqual(expect.stringMatching(/^好，1 小时后提醒你：喝茶。/));
  first.run.child.kill("SIGKILL");
  await first.run.exit;

  const second = await startServer(["--data", data, "--port", port], {}, "demo");
  const after = await lobby(second.url);
  await expect.poll(after.texts).toContain("⏰ @Ada A reminder, as you asked: tea");
  const waiting = await send(`${second.hub}/scheduled`);
  // Anonymous publishers see none of them: they are the chat's.
  expect(waiting.body).not.toContain("喝茶");
  second.run.child.kill("SIGKILL");
  await second.run.exit;

  const third = await startServer(["--data", data, "--port", port], {}, "demo");
  const again = await lobby(third.url);
  await expect.poll(again.texts).toContain("⏰ @Ada A reminder, as you asked: tea");
  expect((await again.texts()).filter((text) => text.startsWith("⏰"))).toHaveLength(1);
});

test("the bot of the built demo answers from the docs, the prices and the news of its own", async () => {
  const { url } = await startServer(["--journal", "memory"], {}, "demo");
  const room = await lobby(url);
  await room.say("@artie what is a cursor?");
  await expect.poll(room.texts).toContainEqual(expect.stringMatching(/^The docs say[^]*\/docs\/reference\//));
  await room.say("@artie /price ARTWL");
  await expect.poll(room.texts).toContainEqual(expect.stringMatching(/^ARTWL is at \d/));
  await room.say("@artie /news");
  await expect.poll(room.texts).toContainEqual(expect.stringMatching(/^The newest headlines on this hub:\n• /));
});
