import { ClientError, type UpdateInput } from "artesian-client";
import { Failure } from "../errors.ts";
import { type Output, style, type Styled } from "../terminal.ts";
import { mayHaveArrived, send } from "./sender.ts";

/** The hub to publish to, and the output for results. */
export interface Target {
  readonly url: URL;
  /** Headers that carry the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names one update to the hub. Default: a random key. */
  readonly idempotencyKey?: string | undefined;
  /** How long to retry, in milliseconds. */
  readonly giveUpAfterMs: number;
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether results are printed as JSON. */
  readonly json: boolean;
}

/**
 * Publishes one update and prints its event id.
 *
 * @throws Failure when the hub did not acknowledge the update.
 */
export async function publishOne(update: UpdateInput, target: Target): Promise<void> {
  const { stdout, stderr, json } = target;
  try {
    const [id = ""] = await send([update], {
      ...target,
      onRetry: (error, delayMs) => void stderr.line(retryNotice(error, delayMs)),
    });
    await stdout.line(json ? JSON.stringify({ id }) : id);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const again = target.idempotencyKey === undefined ? "" : " Publish it again with the same key.";
    const uncertain = mayHaveArrived(error) ? ` Whether the hub took the update is not known.${again}` : "";
    throw new Failure(`Not published: ${error.message}${uncertain}`, { cause: error });
  }
}

/** Announces another attempt. */
export function retryNotice(error: ClientError, delayMs: number): Styled {
  return style("yellow", `${error.message} Trying again in ${(delayMs / 1000).toFixed(1)} s.`);
}
