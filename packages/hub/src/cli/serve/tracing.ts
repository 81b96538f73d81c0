import type { Logger } from "../../core/logger.ts";
import { within } from "../../core/scheduler.ts";
import type * as OpenTelemetry from "../../opentelemetry/index.ts";
import type { Config } from "../config/config.ts";
import { placeOf } from "../config/flags.ts";
import { Failure } from "../errors.ts";

/** Longest wait for the last spans to be sent, in milliseconds. Their collector may be away. */
const FLUSH_MS = 3000;

/**
 * The tracing that `--tracing` asks for. Undefined without the setting.
 *
 * @throws Failure when `@opentelemetry/api` is not installed.
 */
export async function tracingOf({ tracing }: Pick<Config, "tracing">): Promise<OpenTelemetry.OpenTelemetryTracing | undefined> {
  if (!tracing) return undefined;
  const { openTelemetry } = await load();
  return openTelemetry();
}

/** Warns if spans go nowhere, because nothing has registered an SDK. */
export function warnWithoutSdk(tracing: OpenTelemetry.OpenTelemetryTracing | undefined, logger: Logger): void {
  if (tracing === undefined || tracing.isRegistered) return;
  logger.warn(
    {},
    'no OpenTelemetry SDK is registered, so no span is kept; start one before the hub: NODE_OPTIONS="--import ./tracing.mjs" (docs/operate/tracing.md)',
  );
}

/** Sends the last spans, as far as there is time. */
export async function flushSpans(tracing: OpenTelemetry.OpenTelemetryTracing | undefined): Promise<void> {
  if (tracing !== undefined) await within(FLUSH_MS, tracing.flush());
}

async function load(): Promise<typeof OpenTelemetry> {
  try {
    return await import("../../opentelemetry/index.ts");
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new Failure(
      `${placeOf("tracing")}: the package @opentelemetry/api is not installed. Install it beside Artesian, with an SDK:  ` +
        "npm install @opentelemetry/api @opentelemetry/sdk-node",
      { cause: error },
    );
  }
}

/** Whether the package itself is missing, rather than a dependency of the package. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "ERR_MODULE_NOT_FOUND" && error.message.includes("'@opentelemetry/api'");
}
