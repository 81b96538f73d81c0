/** The demo's process that answered. */
export interface ServerInfo {
  /** Its process id. */
  readonly process: number;
  /** Why the process can't be killed. Absent if it can. */
  readonly cannotKill?: string | undefined;
}

/** Address of the demo's process. Other servers have nothing there. */
const PATH = "/demo/server";
const TIMEOUT_MS = 2000;

/** @returns Undefined if the server is away, or is not the demo's. */
export async function askServer(signal: AbortSignal): Promise<ServerInfo | undefined> {
  const response = await ask("GET", PATH, signal);
  return response?.ok === true ? infoOf(response) : undefined;
}

/** Kills the process that answers. @returns Its process id, or why not. */
export async function killServer(signal: AbortSignal): Promise<number | "too_soon" | "refused"> {
  const response = await ask("POST", `${PATH}/kill`, signal);
  if (response?.status === 429) return "too_soon";
  const info = response?.ok === true ? await infoOf(response) : undefined;
  return info?.process ?? "refused";
}

async function ask(method: "GET" | "POST", path: string, left: AbortSignal): Promise<Response | undefined> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  left.addEventListener("abort", abort);
  const timer = setTimeout(abort, TIMEOUT_MS);
  try {
    return await fetch(path, { method, cache: "no-store", signal: controller.signal });
  } catch {
    // The process is away, which is what the page waits for.
    return undefined;
  } finally {
    clearTimeout(timer);
    left.removeEventListener("abort", abort);
  }
}

async function infoOf(response: Response): Promise<ServerInfo | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null && "process" in body && typeof body.process === "number"
    ? (body as ServerInfo)
    : undefined;
}
