import { withData } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors.ts";
import { idsSecretOf } from "../keys/ids.ts";
import { accessOf } from "./access.ts";
import { resolveHost } from "./address.ts";
import type { Plan } from "./plan.ts";
import { runWorkers, workersOf } from "./workers.ts";

/**
 * Runs the hub with its page until the process is told to stop.
 *
 * @throws UsageError when nobody could publish, or a key can't be used.
 * @throws Failure when the server can't be started.
 */
export async function serve(config: Config): Promise<void> {
  const configured = accessOf(config);
  const address = await resolveHost(config.host);
  if (configured.issuers.length === 0 && !configured.anonymousPublish) {
    throw new UsageError(
      `There is no key to check tokens with, so nobody could publish. Make one, then start again:  ${withData("artesian keys create", config.data)}\n` +
        "On a closed network,  --anonymous-publish --anonymous  opens the hub to everyone who reaches it instead. To try it out:  npx artesian-demo",
    );
  }
  const { anonymous, anonymousPublish } = configured;
  const warnings = [...configured.warnings];
  if (anonymousPublish && !address.loopback) {
    warnings.push(
      `everyone who reaches ${config.host} may publish (--anonymous-publish), and every name in \`Host\` is answered, so that web pages which such people open may publish too; ` +
        "use this only in a closed network without browsers, or have publishers show a token",
    );
  }
  if (configured.issuers.length === 0 && !anonymous)
    warnings.push("nobody may subscribe: there is no key to check tokens with, and no --anonymous");
  const ids = idsSecretOf(config);
  const plan: Plan = {
    config,
    address,
    access: { ...configured, warnings: [...warnings, ...ids.warnings] },
    idsSecret: ids.secret,
  };
  const count = workersOf(config);
  if (count > 1) return runWorkers(plan, { count, welcome: welcomeTo(plan) });
  // The primary of workers needs none of the hub's imports.
  const { servePlan } = await import("./serve-plan.ts");
  return servePlan(plan, welcomeTo(plan));
}

function welcomeTo({ config, access: { anonymous, anonymousPublish } }: Plan): (listenUrl: string) => readonly string[] {
  const bearer = '-H "Authorization: Bearer $TOKEN" ';
  return (url) => [
    `Artesian runs at ${url}`,
    ...(anonymous && anonymousPublish
      ? []
      : [`Get a token   export TOKEN=$(${withData("artesian token mint --publish '*' --subscribe '*'", config.data)})`]),
    `Publish with  curl ${anonymousPublish ? "" : bearer}-d topic=greeting -d 'data=Hello, world!' ${url}/events/stream`,
    `Watch with    curl ${anonymous ? "" : bearer}-N ${url}/events/stream`,
    `Console at    ${url}/console, with a token of ${withData("artesian token mint --admin", config.data)}`,
  ];
}
