import type { Logger } from "../../../index.ts";
import type { PreparedChange } from "../../../hub-changes.ts";
import { hasHungUp } from "../../signals.ts";
import type { Plan } from "../plan.ts";
import type { ServiceManager } from "../service-manager.ts";
import { type Changes, changesOf, type Reread } from "./changes.ts";

/**
 * Prepares a plan in every process of the server, while the present plan holds.
 *
 * @throws Error with the reason if a process can't take the plan over. No process has changed then.
 */
export type Prepare = (plan: Plan) => Promise<PreparedChange>;

/** Reads settings and keys again at each SIGHUP. */
export interface HangUps {
  /** Takes changes over from now on. A SIGHUP that came before counts. */
  begin(prepare: Prepare): void;
  /** Ignores SIGHUP from now on. */
  end(): void;
}

/**
 * Reads settings and keys again at each SIGHUP, and has them taken over: all of them, or none. Any
 * number of signals during a change lead to one more.
 *
 * @param plan - The plan of the running server.
 * @param reread - Reads settings and keys again, and throws if they can't be used.
 * @param manager - Hears of each reload.
 */
export function reloadAtHangUp(plan: Plan, reread: () => Reread, logger: Logger, manager: ServiceManager): HangUps {
  let running = plan;
  let prepare: Prepare | undefined;
  // Settings may have been read before the signal.
  let isAsked = hasHungUp();
  let isBusy = false;
  /** @returns Whether the settings and keys that were read hold now. */
  const reload = async (take: Prepare): Promise<boolean> => {
    let changes: Changes;
    try {
      changes = changesOf(running, reread());
      const change = await take(changes.plan);
      if (prepare === undefined) {
        change.abandon();
        return false;
      }
      change.apply();
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
      logger.error({ why }, "SIGHUP: settings and keys can't be taken over, so nothing was changed");
      return false;
    }
    running = changes.plan;
    const { changed, needRestart, warnings } = changes;
    logger.info(
      { changed },
      changed.length === 0 ? "SIGHUP: settings and keys are as before" : "SIGHUP: settings and keys were taken over",
    );
    if (needRestart.length > 0) logger.warn({ needRestart }, "SIGHUP: settings that differ take effect at a restart");
    for (const warning of warnings) logger.warn({}, warning);
    return true;
  };
  const look = async (): Promise<void> => {
    if (!isAsked || isBusy || prepare === undefined) return;
    isAsked = false;
    isBusy = true;
    manager.reloading();
    manager.reloaded(await reload(prepare));
    isBusy = false;
    await look();
  };
  const onHangUp = (): void => {
    isAsked = true;
    void look();
  };
  process.on("SIGHUP", onHangUp);
  return {
    begin(take) {
      prepare = take;
      void look();
    },
    end() {
      prepare = undefined;
      process.off("SIGHUP", onHangUp);
    },
  };
}
