import type { Hub, ScheduledUpdate } from "../../index.ts";
import { SCHEDULED_LISTED, type ScheduledPage, type UpdateAnswer, type WaitingUpdate } from "./wire.ts";

/** Reports the fate of an update. Returns undefined if the hub does not have the update. */
export async function findUpdate(hub: Hub, id: string, subscriberId: string | undefined): Promise<UpdateAnswer | undefined> {
  const life = await hub.fleet.explain(id, subscriberId);
  if (life !== undefined) return { state: "published", ...life };
  for await (const scheduled of hub.scheduled()) if (scheduled.update.id === id) return describe(scheduled);
  return undefined;
}

/** Lists the updates that wait for their time. */
export async function listScheduled(hub: Hub): Promise<ScheduledPage> {
  const scheduled: WaitingUpdate[] = [];
  let total = 0;
  for await (const one of hub.scheduled()) {
    total += 1;
    if (scheduled.length < SCHEDULED_LISTED) scheduled.push(describe(one));
  }
  return { scheduled, total };
}

function describe({ deliverAt, update }: ScheduledUpdate): WaitingUpdate {
  const { id = "", topics, type, data, ttlMs } = update;
  return { state: "scheduled", id, topics, type, private: update.private, size: data.length, deliverAt, ttlMs };
}
