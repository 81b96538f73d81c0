import type { Scenario } from "../lib/scenario.ts";
import { idleFlood, patterns, requests } from "./attacks.ts";
import { backup } from "./backup.ts";
import { backupUnderLoad } from "./backup-under-load.ts";
import { clock } from "./clock.ts";
import { corruption } from "./corruption.ts";
import { cuts } from "./cuts.ts";
import { descriptors } from "./descriptors.ts";
import { directoryRemoved } from "./directory-removed.ts";
import { diskFull } from "./disk-full.ts";
import { drain } from "./drain.ts";
import { fleetNats, fleetPartitions, fleetRedis } from "./fleet.ts";
import { format } from "./format.ts";
import { herd } from "./herd.ts";
import { kills } from "./kills.ts";
import { powerCut } from "./power-cut.ts";
import { retries } from "./retries.ts";
import { rollingUpgrade } from "./rolling-upgrade.ts";
import { seam } from "./seam.ts";
import { slowReaders } from "./slow-readers.ts";
import { soak } from "./soak.ts";
import { stops } from "./stops.ts";

/** In the order of the promises' numbers. */
export const SCENARIOS: readonly Scenario[] = [
  kills,
  powerCut,
  seam,
  cuts,
  retries,
  slowReaders,
  stops,
  diskFull,
  descriptors,
  clock,
  corruption,
  fleetRedis,
  fleetNats,
  fleetPartitions,
  format,
  herd,
  soak,
  drain,
  rollingUpgrade,
  backup,
  backupUnderLoad,
  directoryRemoved,
  requests,
  idleFlood,
  patterns,
];
