// Parts of the command for programs that contain a hub, such as `artesian-demo`. They may change
// with each version.
export { looksLikePath } from "./http/auth/mistaken-secret.ts";
export type { Config, Key } from "./cli/config/config.ts";
export { DEMO_SETTINGS } from "./cli/config/demo-settings.ts";
export { placeOf, type SettingFlags, withSettings } from "./cli/config/flags.ts";
export { Failure, UsageError } from "./cli/errors.ts";
export { Failures } from "./cli/failures.ts";
export { idsSecretOf } from "./cli/keys/ids.ts";
export { ownSecretOf } from "./cli/keys/own-secret.ts";
export { run } from "./cli/program.ts";
export { accessOf } from "./cli/serve/access.ts";
export { resolveHost } from "./cli/serve/address.ts";
export { configOfServer } from "./cli/serve/command.ts";
export { fetchListener } from "./cli/serve/fetch-listener.ts";
export { shareRefusal } from "./cli/serve/page.ts";
export type { Plan } from "./cli/serve/plan.ts";
export { type RunOptions, runServer, type Site, type SiteOptions, type WorkerLink } from "./cli/serve/run.ts";
export { runWorker } from "./cli/serve/worker-program.ts";
export { runWorkers } from "./cli/serve/workers.ts";
export { createOutput } from "./cli/terminal.ts";
export { VERSION } from "./cli/version.ts";
export { isFromOwnPage } from "./console/server/access.ts";
export {
  CONSOLE_TOPICS,
  type Console,
  type ConsoleKey,
  consoleIssuer,
  type ConsoleOptions,
  createConsole,
} from "./console/server/index.ts";
export { createConsolePages, type PageRoute, type Pages, servePages } from "./console/server/pages.ts";
