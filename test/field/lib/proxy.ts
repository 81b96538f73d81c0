import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { mkdir } from "node:fs/promises";
import { freePort } from "../../support/free-port.ts";
import { type AtEnd, startProgram, temporaryFolder, untilListening } from "./programs.ts";

/** Where a proxy listens, what it stands before, and the folder that is its own. */
export interface ProxyPlace {
  readonly port: number;
  readonly upstream: number;
  readonly folder: string;
}

/** A reverse proxy of Debian, as it is configured for one upstream. */
export interface Proxy {
  readonly name: string;
  readonly command: string;
  /** File names, in the folder, and their texts. */
  readonly files: (place: ProxyPlace) => Readonly<Record<string, string>>;
  /** Arguments that keep the proxy in the foreground. */
  readonly args: (place: ProxyPlace) => readonly string[];
}

/** Starts a proxy as the test's user, before a port of the loopback. @returns Its origin. */
export async function startProxy(atEnd: AtEnd, proxy: Proxy, upstream: number): Promise<string> {
  const folder = await temporaryFolder(atEnd);
  const place = { port: await freePort(), upstream, folder };
  for (const [name, text] of Object.entries(proxy.files(place))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  // Some keep a state in their user's folder.
  const program = startProgram(atEnd, proxy.command, proxy.args(place), { cwd: folder, env: { HOME: folder, XDG_DATA_HOME: folder } });
  await untilListening(program, place.port);
  return `http://127.0.0.1:${place.port}`;
}
