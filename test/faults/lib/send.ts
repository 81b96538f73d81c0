import { type Agent, request } from "node:http";
import type { Outcome } from "../checker/history.ts";
import { nowMs, sleep } from "./clock.ts";

/** Without an answer for this long, a publisher gives up: what became of the update it does not know. */
const ANSWER_MS = 30_000;

/** What a publish came to. */
export interface Sent {
  readonly outcome: Outcome;
  /** The status; or why there is none. */
  readonly answer: string;
  /** The event ids. */
  readonly ids: readonly string[];
}

/** A request that publishes. */
export interface Shipment {
  readonly hub: string;
  readonly token: string;
  /** `false` is a connection of its own. */
  readonly agent: Agent | false;
  readonly type: string;
  readonly body: string;
  /** With one, it may be sent again. */
  readonly idempotencyKey?: string | undefined;
}

/** Sends once, whatever happens: without an idempotency key, a second attempt could be a second update. Never rejects. */
export function send({ hub, token, agent, type, body, idempotencyKey }: Shipment): Promise<Sent> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": type,
      "content-length": bytes.length,
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": `"${idempotencyKey}"` }),
    };
    const req = request(hub, { method: "POST", agent, headers, timeout: ANSWER_MS }, (res) => {
      const answer = String(res.statusCode);
      let text = "";
      res.setEncoding("utf8").on("data", (part: string) => (text += part));
      res.once("close", () => {
        // Half an answer says as little as none, but the status alone already says "no"; this one says that it does not know.
        if (res.statusCode === 504) resolve({ outcome: "unknown", answer, ids: [] });
        else if (res.statusCode !== 200) resolve({ outcome: "failed", answer: `${answer} ${detailOf(text)}`, ids: [] });
        else if (res.complete) resolve({ outcome: "ok", answer, ids: text.split("\n") });
        else resolve({ outcome: "unknown", answer: "half an answer", ids: [] });
      });
    });
    req.once("timeout", () => req.destroy(new Error("no answer in time")));
    req.once("error", (error: NodeJS.ErrnoException) => {
      const answer = error.code ?? error.message;
      // Nobody listened: it was not sent.
      resolve({ outcome: answer === "ECONNREFUSED" ? "failed" : "unknown", answer, ids: [] });
    });
    req.end(bytes);
  });
}

/** Longest time for all attempts, and between two of them, in milliseconds. */
const ATTEMPTS_MS = 60_000;
const PAUSE_MS = 10;

/**
 * Sends again while it is not known what became of the first attempts: the hub must publish once.
 *
 * @returns The last answer, and how many attempts it took. Failed is what was refused at once: later ones may say "no" to what is there.
 */
export async function sendUntilKnown(
  shipment: Shipment & { readonly idempotencyKey: string },
): Promise<Sent & { readonly attempts: number }> {
  const deadline = nowMs() + ATTEMPTS_MS;
  let mayBeThere = false;
  for (let attempts = 1; ; attempts++) {
    const sent = await send(shipment);
    mayBeThere ||= sent.outcome === "unknown";
    if (sent.outcome === "ok" || !mayBeThere) return { ...sent, attempts };
    if (nowMs() > deadline) return { ...sent, outcome: "unknown", attempts };
    await sleep(PAUSE_MS);
  }
}

/** Why a request was refused, as its answer says. */
function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail);
  } catch {
    return text;
  }
}
