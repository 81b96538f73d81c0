import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { startSite, usePages, visit } from "./chat-site.ts";

usePages();

interface Language {
  /** As the page names the language. */
  readonly name: string;
  readonly file: string;
  /** The command that runs the file, and the question whether the command is there. */
  readonly command: readonly string[];
  readonly probe: readonly string[];
  /** Whether the code that receives prints the data of updates, and not the stream as it is. */
  readonly readsData?: boolean;
}

const LANGUAGES: readonly Language[] = [
  { name: "curl", file: "code.sh", command: ["sh"], probe: ["curl", "--version"] },
  { name: "JavaScript", file: "code.mjs", command: [process.execPath], probe: [process.execPath, "--version"] },
  { name: "Python", file: "code.py", command: ["python3"], probe: ["python3", "--version"], readsData: true },
  { name: "PHP", file: "code.php", command: ["php"], probe: ["php", "--version"], readsData: true },
  { name: "Go", file: "code.go", command: ["go", "run"], probe: ["go", "version"], readsData: true },
];

function isInstalled({ probe: [program = "", ...args] }: Language): boolean {
  return spawnSync(program, args).status === 0;
}

/** The code that the page shows for a language. */
async function codeOf(page: Page, side: "send" | "receive", { name }: Language): Promise<string> {
  const button = page.getByTestId(`${side}-${name}`);
  await button.click();
  await page.locator(`[data-testid="${side}-${name}"][aria-pressed=true]`).waitFor();
  return page.getByTestId(side).innerText();
}

/** Runs code as pasted into a file, until the test ends. */
function run({ file, command: [program = "", ...args] }: Language, code: string): { output: () => string; ended: Promise<number | null> } {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, file), code);
  // Its own group: `go run` starts the program that it has built.
  const child = spawn(program, [...args, file], { cwd: folder, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    await ended;
  });
  return { output: () => output, ended };
}

/** Go's first build compiles its libraries, which takes a while. */
const PATIENCE = { timeout: 120_000 };

beforeAll(() => {
  const missing = LANGUAGES.filter((language) => !isInstalled(language));
  if (missing.length > 0) console.warn(`Not run, because not installed: ${missing.map(({ name }) => name).join(", ")}.`);
});

describe.each(LANGUAGES)("the landing page's $name", (language) => {
  test("publishes as pasted", { timeout: 150_000 }, async (context) => {
    context.skip(!isInstalled(language), `${language.name} is not installed`);
    const site = await startSite();
    const page = await visit(site.origin);
    const code = await codeOf(page, "send", language);
    expect(code).toContain(`${site.origin}/events/stream`);
    const { output, ended } = run(language, code);
    expect([await ended, output()]).toEqual([0, expect.stringMatching(/\S/)]);
    await page.getByTestId("updates").getByText("Hello, world!").waitFor();
    expect(await page.getByTestId("update-topic").allInnerTexts()).toEqual(["greeting"]);
  });

  test("receives as pasted", { timeout: 150_000 }, async (context) => {
    context.skip(!isInstalled(language), `${language.name} is not installed`);
    const site = await startSite();
    const page = await visit(site.origin);
    const code = await codeOf(page, "receive", language);
    expect(code).toContain(`${site.origin}/events/stream?match=greeting`);
    const { output, ended } = run(language, code);
    const failed = ended.then((exitCode) => Promise.reject(new Error(`It ended with ${exitCode}: ${output()}`)));
    failed.catch(() => undefined);
    // The panel's stream is the first subscriber.
    await Promise.race([failed, expect.poll(() => site.hub.stats().subscribers, PATIENCE).toBe(2)]);
    await site.publish({ topic: "greeting", data: "你好 from the test" });
    await expect.poll(output).toContain("你好 from the test");
    await site.publish({ topic: "other", data: "for others" });
    await site.publish({ topic: "greeting", data: "the second" });
    await expect.poll(output).toContain("the second");
    expect(output()).not.toContain("for others");
    // These show the data alone, and none of the hub's own events.
    if (language.readsData === true) expect(output()).toBe("你好 from the test\nthe second\n");
  });
});
