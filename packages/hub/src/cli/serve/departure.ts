import type { Logger } from "../../index.ts";
import type { Config } from "../config/config.ts";
import { onStop } from "../signals.ts";
import type { ListenAddress } from "./address.ts";
import type { LeaveOrder } from "./ipc.ts";

/**
 * Lame-duck time behind a balancer, in milliseconds. With the default drain, it fits into the ten
 * seconds of `docker stop`.
 */
export const BALANCED_LAME_DUCK_MS = 3000;
/**
 * Time that a worker waits for its primary's order after a signal, in milliseconds. Then the worker
 * drains alone. The signal may have gone to the whole process group.
 */
const PRIMARY_WORD_MS = 1000;

/** The way of a server from the stop signal to the drain. */
export interface Departure {
  /** Whether the server was told to stop, so that balancers send nothing new. */
  readonly hasBegun: boolean;
  /** Resolves with the signal when the drain is due. */
  readonly due: Promise<string>;
}

/**
 * How long a stopping server still takes connections, in milliseconds, so that balancers notice.
 */
export function lameDuckMsOf({ lameDuck, trustedProxies }: Config, { loopback }: ListenAddress): number {
  return lameDuck ?? (loopback && trustedProxies.length === 0 ? 0 : BALANCED_LAME_DUCK_MS);
}

/**
 * Leaves at a signal: a lame-duck time, which a second signal ends, and then the drain.
 *
 * @param options - `onBegin`: called at the signal. `onLame`: called when a lame-duck time begins.
 */
export function departAtSignal(
  lameDuckMs: number,
  {
    logger,
    hangUp,
    onBegin,
    onLame = () => undefined,
  }: { readonly logger: Logger; readonly hangUp: boolean; readonly onBegin: () => void; readonly onLame?: () => void },
): Departure {
  let hasBegun = false;
  let skip: (() => void) | undefined;
  const due = new Promise<string>((resolve) => {
    const begin = (signal: string): void => {
      hasBegun = true;
      onBegin();
      if (lameDuckMs === 0) {
        resolve(signal);
        return;
      }
      logger.info({ signal, lameDuckMs }, "not ready any more: new connections are served for the lame-duck time, then the server drains");
      const over = (): void => {
        clearTimeout(timer);
        skip = undefined;
        resolve(signal);
      };
      const timer = setTimeout(over, lameDuckMs);
      skip = over;
      onLame();
    };
    const again = (): boolean => {
      const isLame = skip !== undefined;
      skip?.();
      return isLame;
    };
    onStop(begin, { hangUp, again });
  });
  return {
    get hasBegun() {
      return hasBegun;
    },
    due,
  };
}

/**
 * Leaves at the primary's order. A worker that alone receives a signal drains by itself.
 *
 * @param onOrder - Registers a listener for the primary's orders.
 */
export function departWithPrimary(onOrder: (listener: (order: LeaveOrder) => void) => void): Departure {
  let hasBegun = false;
  let isDue = false;
  const due = new Promise<string>((resolve) => {
    const drain = (why: string): void => {
      hasBegun = true;
      isDue = true;
      resolve(why);
    };
    onOrder((order) => {
      if (order === "drain") drain("of the primary");
      else hasBegun = true;
    });
    const begin = (signal: string): void => {
      // The primary has the same signal, and goes by its own lame-duck time.
      setTimeout(() => {
        if (!hasBegun) drain(signal);
      }, PRIMARY_WORD_MS);
    };
    onStop(begin, { hangUp: false, again: () => !isDue });
  });
  return {
    get hasBegun() {
      return hasBegun;
    },
    due,
  };
}
