import { request } from "node:http";
import { nowMs, sleep } from "./clock.ts";

/** What the server answered; undefined status: nothing. */
export interface Answer {
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** Sends one request over a connection of its own. Never rejects. */
export function ask(url: string, { token, data }: { readonly token?: string; readonly data?: string } = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const body = data === undefined ? undefined : new URLSearchParams({ topic: "/faults/probe", type: PROBE_TYPE, data }).toString();
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    };
    const req = request(url, { method: body === undefined ? "GET" : "POST", agent: false, headers, timeout: 10_000 }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (part: string) => (text += part));
      res.once("close", () => resolve({ status: res.statusCode, contentType: res.headers["content-type"], body: text }));
    });
    req.once("timeout", () => req.destroy());
    req.once("error", (error) => resolve({ status: undefined, contentType: undefined, body: error.message }));
    req.end(body);
  });
}

/** The type of updates that subscribers do not log: each is judged by the answer to it alone. */
export const PROBE_TYPE = "probe";

/** Publishes until it is taken. @returns How long that took, in milliseconds, and the last answer that was not a yes. */
export async function untilTaken(
  url: string,
  token: string,
  ms: number,
): Promise<{ readonly tookMs: number; readonly refused: Answer | undefined }> {
  const beganMs = nowMs();
  let refused: Answer | undefined;
  for (;;) {
    const answer = await ask(url, { token, data: "probe" });
    if (answer.status === 200) return { tookMs: nowMs() - beganMs, refused };
    refused = answer;
    if (nowMs() - beganMs > ms) throw new Error(`Nothing was published for ${ms} ms: ${answer.status}, ${answer.body}`);
    await sleep(5);
  }
}
