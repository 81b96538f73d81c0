import { withData } from "../config/flags.ts";
import { SETTINGS } from "../config/settings.ts";
import type { Config } from "../config/config.ts";
import { idsSecretOf } from "../keys/ids.ts";
import { accessOfServer } from "./access.ts";
import { resolveHost } from "./address.ts";
import type { Plan } from "./plan.ts";
import type { Reread } from "./reload/changes.ts";
import { certificateOf } from "./tls/certificate.ts";
import { tracingOf } from "./tracing.ts";
import { runWorkers, workersOf } from "./workers.ts";

/**
 * Runs the hub with its page until the process is told to stop.
 *
 * @param readAgain - Reads the configuration again, at SIGHUP.
 * @throws UsageError when nobody could publish, or a key or certificate can't be used.
 * @throws Failure when the server can't be started, or `@opentelemetry/api` is missing.
 */
export async function serve(config: Config, readAgain: () => Config): Promise<void> {
  const address = await resolveHost(config.host);
  const access = accessOfServer(config, address);
  const ids = idsSecretOf(config);
  // Read again by each process. Here a mistake is told before anything starts.
  certificateOf(config);
  await tracingOf(config);
  const plan: Plan = {
    config,
    address,
    access: { ...access, warnings: [...access.warnings, ...ids.warnings] },
    idsSecret: ids.secret,
  };
  const reread = (): Reread => {
    const next = readAgain();
    return { config: next, access: accessOfServer(next, address) };
  };
  const count = workersOf(config);
  if (count > 1) return runWorkers(plan, { count, welcome: welcomeTo(plan), reread });
  // The primary of workers needs none of the hub's imports.
  const { servePlan } = await import("./serve-plan.ts");
  return servePlan(plan, { welcome: welcomeTo(plan), reread });
}

function welcomeTo({ config, access: { anonymous, anonymousPublish } }: Plan): (listenUrl: string) => readonly string[] {
  const bearer = '-H "Authorization: Bearer $TOKEN" ';
  return (url) => {
    const forThis = forAudience(config, url);
    return [
      `Artesian runs at ${url}`,
      ...(anonymous && anonymousPublish
        ? []
        : [`Get a token   export TOKEN=$(${withData(`artesian token mint --publish '*' --subscribe '*'${forThis}`, config.data)})`]),
      `Publish with  curl ${anonymousPublish ? "" : bearer}-d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
      `Watch with    curl ${anonymous ? "" : bearer}-N ${url}/events/stream`,
      `Console at    ${url}/console, with a token of ${withData(`artesian token mint --admin${forThis}`, config.data)}`,
    ];
  };
}

/** The flag that a token for this hub needs, or an empty text for a hub of the default address. */
function forAudience({ resourceIdentifier, publicUrl, path }: Plan["config"], listenUrl: string): string {
  const audience = resourceIdentifier ?? `${publicUrl ?? listenUrl}${path}`;
  const usual = `http://${SETTINGS.host.fallback}:${SETTINGS.port.fallback}${SETTINGS.path.fallback}`;
  return audience === usual ? "" : ` --resource-identifier ${audience}`;
}
