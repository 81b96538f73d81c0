import type { Journal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./directory.ts";
import { NatsServer } from "./nats-server.ts";
import { RedisServer } from "./redis-server.ts";

/** Opens the journals of two processes. */
type Two = () => Promise<readonly [Journal, Journal]>;

async function two(open: () => Journal | Promise<Journal>): Promise<readonly [Journal, Journal]> {
  return [await open(), await open()];
}

/** Every engine that several processes share. */
export const SHARED_ENGINES: Readonly<Record<string, Two>> = {
  log: () => {
    const directory = temporaryDirectory("last");
    return two(() => logJournal({ directory }));
  },
  ...Object.fromEntries(
    ["", "?partitions=3"].flatMap((query): [string, Two][] => [
      [
        `redis${query}`,
        async () => {
          const server = await RedisServer.start();
          return two(() => redisJournal({ url: server.url + query }));
        },
      ],
      [
        `nats${query}`,
        async () => {
          const server = await NatsServer.start();
          onTestFinished(() => server[Symbol.asyncDispose]());
          return two(() => natsJournal({ url: server.url + query }));
        },
      ],
    ]),
  ),
};
