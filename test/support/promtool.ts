import { spawn } from "node:child_process";
import { once } from "node:events";

/** `promtool` of Prometheus; undefined where it is not installed. */
const PROMTOOL = process.env["PROMTOOL"] ?? "promtool";
let isMissing = false;

/**
 * Has Prometheus's own tool check a scrape. If the tool is not installed, the strict parser of
 * `prometheus.ts` stands for it.
 *
 * @throws Error with what the tool says.
 */
export async function checkMetrics(text: string): Promise<void> {
  if (isMissing) return;
  const child = spawn(PROMTOOL, ["check", "metrics"], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (said += part));
  child.stdin.on("error", () => undefined);
  child.stdin.end(text);
  const code = await once(child, "close").then(
    ([status]) => status as number,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    },
  );
  isMissing = code === undefined;
  if (!isMissing && (code !== 0 || said !== "")) throw new Error(`promtool check metrics: ${code}\n${said}`);
}
