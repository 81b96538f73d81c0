import { HubError } from "../../core/errors.ts";
import type { Settings } from "./settings.ts";

/** The server's codes for too few servers for the wanted replicas. */
const TOO_FEW_SERVERS: ReadonlySet<number> = new Set([10005, 10023, 10074]);

/** Explains in the operator's terms why a journal cannot be opened. */
export function toHubError(error: unknown, { servers, replicas }: Settings): HubError {
  if (error instanceof HubError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return new HubError("journal_unavailable", why(error, code, servers.join(", "), replicas), { cause: error });
}

function why(error: unknown, code: unknown, where: string, replicas: number | undefined): string {
  const text = error instanceof Error ? `${error.name} ${error.message}` : "";
  if (/jetstream is not enabled|jetstream not enabled|JetStreamNotEnabled/i.test(text)) {
    return `JetStream is not enabled on the NATS server at ${where}, or not for this account. Start it with -js, or set "jetstream" in its configuration.`;
  }
  if (/permission/i.test(text)) return `The credentials for the NATS server at ${where} do not allow what a journal needs of JetStream.`;
  if ((typeof code === "number" && TOO_FEW_SERVERS.has(code)) || /replicas/i.test(text)) {
    return `The NATS servers at ${where} cannot hold ${replicas ?? 1} copies of the journal: there are too few of them, or they lack room.`;
  }
  return `The NATS server at ${where} does not let the journal be opened.`;
}
