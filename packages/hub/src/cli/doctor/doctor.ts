import { checkConfig } from "../config/check.ts";
import type { Sources } from "../config/load.ts";
import { VERSION } from "../version.ts";
import { type Finding, ok, problem, warning } from "./findings.ts";
import { checkAddress, checkJournal } from "./hub.ts";
import { checkDescriptors, checkDisk, checkMemory, checkRights } from "./machine.ts";

/** Looks at the settings, the machine and the journal, as a hub with these settings would meet them. Changes nothing. */
export async function examine(sources: Sources): Promise<readonly Finding[]> {
  const { problems, warnings, config } = await checkConfig(sources);
  const findings: Finding[] = [
    ok("node", `Artesian ${VERSION} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}.`),
    ...problems.map((text) => problem("settings", text)),
    ...warnings.map((text) => warning("settings", text)),
  ];
  if (problems.length === 0) findings.push(ok("settings", "artesian serve takes the settings."));
  findings.push(checkDescriptors(), checkMemory());
  if (config === undefined) return findings;
  const { findings: ofJournal, isOpen } = await checkJournal(config);
  return [...findings, ...checkRights(config), ...(await checkDisk(config)), ...ofJournal, await checkAddress(config, isOpen)];
}
