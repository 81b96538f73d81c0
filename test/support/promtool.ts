import { spawn } from "node:child_process";
import { once } from "node:events";

/** What `promtool` of Prometheus said, and its exit status. */
export interface Checked {
  readonly status: number;
  readonly output: string;
}

/** Runs `promtool`, which `npm test` installs with Prometheus. */
export async function promtool(args: readonly string[], input = ""): Promise<Checked> {
  const child = spawn("promtool", args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number];
  return { status, output };
}

/**
 * Has Prometheus' own tool check a scrape.
 *
 * @throws Error with what the tool says.
 */
export async function checkMetrics(text: string): Promise<void> {
  const { status, output } = await promtool(["check", "metrics"], text);
  if (status !== 0 || output !== "") throw new Error(`promtool check metrics: ${status}\n${output}`);
}
