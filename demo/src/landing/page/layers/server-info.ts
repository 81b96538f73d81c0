import { useEffect, useState } from "preact/hooks";

/** Where the demo tells about its process. The server part has the same paths. */
export const SERVER_PATH = "/demo/server";

/** Facts about the demo's process. */
export interface ServerInfo {
  /** The id of the process that answers. */
  readonly process: number;
  /** Why the process can't be killed. Undefined if it can. */
  readonly cannotKill?: "memory" | "single" | undefined;
  /** The public URL, if one is set. */
  readonly publicUrl?: string | undefined;
}

/** @throws when the server does not answer with the facts. */
export async function fetchServerInfo(): Promise<ServerInfo> {
  const response = await fetch(SERVER_PATH, { cache: "no-store" });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return (await response.json()) as ServerInfo;
}

/** The facts, once they are there. */
export function useServerInfo(): ServerInfo | undefined {
  const [info, setInfo] = useState<ServerInfo>();
  useEffect(() => {
    // Without the facts there is no button, and no code.
    fetchServerInfo().then(setInfo, () => undefined);
  }, []);
  return info;
}
