import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { FORM } from "../cli/worker-pool.ts";
import { blocksOf, run } from "./markdown.ts";

/** What each command of the page prints where nothing is wrong, in their order. */
const SHOWN: readonly (readonly [command: string, shown: RegExp])[] = [
  ["curl -N", /^data: Hello!$/m],
  ["curl -i", /^HTTP\/1\.1 200 [^]*\r\n\r\n#\S+$/],
  ["curl -i", /^HTTP\/1\.1 200 [^]*\r\n\r\n#\S+$/],
  ["curl -N", /^data: Hello!$/m],
  ["curl -N", /^data: a secret$/m],
  ["npx artesian token inspect", /accepted/i],
  ["curl -I", /^HTTP\/1\.1 200 [^]*content-type: text\/event-stream/i],
  ["curl -N", /^event: named$/m],
  ["curl -I", /^HTTP\/1\.1 200 /],
  ["curl -sI", /^access-control-allow-origin: https:\/\/app\.example\.com/im],
  ["curl -so", /^1\.1$/m],
  ["curl -I", /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 200 /],
  ["curl -sN", /^\d\d:\d\d:\d\d data: Hello!$/m],
  ["curl -N", /timed out/],
];

/** A stream has no end, so each command has its time. */
const TIMED = 'curl() { command curl --max-time 2 "$@" || [ $? = 28 ]; }\n';

test("docs/start/no-events.md: each symptom has a command that works", { timeout: 120_000 }, async () => {
  const blocks = blocksOf("start/no-events.md");
  expect(blocks.map(({ language, code }, i) => [language, code.startsWith(SHOWN[i]?.[0] ?? "no command")])).toEqual(
    SHOWN.map(() => ["sh", true]),
  );
  const cwd = temporaryDirectory();
  await run("sh", "npx artesian keys create\n", {}, cwd).output;
  const server = await startServer(["--anonymous", "--anonymous-publish", "--cors-origin", "https://app.example.com"], {
    tokens: true,
    cwd,
  });
  const env = { ARTESIAN_PORT: new URL(server.url).port };
  const TOKEN = (await run("sh", "npx artesian token mint --publish '*' --subscribe '*'\n", env, cwd).output).trim();
  const publish = async (body: string): Promise<unknown> => fetch(server.hub, { method: "POST", headers: FORM, body });
  await publish("topic=other&data=a+secret&private=on");
  await publish("topic=other&data=x&type=named");
  let latest: Promise<unknown> = Promise.resolve();
  const publishing = setInterval(() => {
    latest = publish("topic=greeting&data=Hello!");
  }, 100);
  // The server ends after this, so that it cuts no publish.
  onTestFinished(async () => {
    clearInterval(publishing);
    await latest;
  });
  for (const [i, { code }] of blocks.entries()) {
    const here = code.replaceAll(/http:\/\/127\.0\.0\.1:3000|https:\/\/events\.example\.com/g, server.url);
    expect(await run("sh", TIMED + here, { ...env, TOKEN }, cwd).output, code).toMatch(SHOWN[i]?.[1] ?? /$^/);
  }
});
