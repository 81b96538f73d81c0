import { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createOutput, type Output, style } from "../../packages/hub/src/cli/terminal.ts";

afterEach(() => vi.unstubAllEnvs());

function output(isTTY: boolean): { readonly output: Output; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { output: createOutput(Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream), text: () => chunks.join("") };
}

/** Sets the title, fills the clipboard, clears the screen, and goes back over the line; the last one begins a sequence in one character. */
const EVIL = "\u001b]0;OWNED\u0007\u001b]52;c;eA==\u001b\\\u001b[2J\r\b\u007f\u009b2J";
const SHOWN = "\\u001b]0;OWNED\\u0007\\u001b]52;c;eA==\\u001b\\\\u001b[2J\\u000d\\u0008\\u007f\\u009b2J";

describe("a line for somebody to read", () => {
  it.each([true, false])("shows control characters, on a terminal (%s) and in a log", async (isTerminal) => {
    vi.stubEnv("NO_COLOR", "1");
    const { output: stderr, text } = output(isTerminal);
    await stderr.line(`a\tb\nc${EVIL}é水\u2028`);
    expect(text()).toBe(`a\tb\nc${SHOWN}é水\u2028\n`);
  });

  it("shows them in every part, and has its own colours", async () => {
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    const { output: stderr, text } = output(true);
    stderr.status(EVIL);
    await stderr.line([style("red", `error:${EVIL}`), EVIL]);
    await stderr.line(style("dim", "id"));
    expect(text()).toBe(`\r\u001b[K${SHOWN}\r\u001b[K\u001b[31merror:${SHOWN}\u001b[39m${SHOWN}\n\u001b[2mid\u001b[22m\n`);
  });
});
