import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChromium, startFirefox } from "./browsers.ts";
import { Heard, type StartReader } from "./heard.ts";
import { type AtEnd, runProgram, startProgram, temporaryFolder } from "./programs.ts";

/** One way to read a stream. */
export interface Client {
  readonly name: string;
  /** Compiles or starts what all its readers share. */
  readonly prepare: (atEnd: AtEnd) => Promise<StartReader>;
  /** Names the fronts behind which the client holds events back itself, whatever the hub sends. The docs say what to set instead. */
  readonly holdsBack?: (front: string) => boolean;
}

const READERS = fileURLToPath(new URL("../readers/", import.meta.url));

/** A client whose readers are processes of one command line. */
function program(name: string, command: string, before: readonly string[], after: readonly string[] = []): Client {
  return { name, prepare: async () => reader(command, before, after) };
}

/** The hub sends no gzip to Varnish. */
const gzipArrives = (front: string): boolean => front !== "Varnish";
/** The hub sends no chunks to a client that sends `Connection: close`. Proxies do. */
const chunksArrive = (front: string): boolean => front !== "direct";

function reader(command: string, before: readonly string[], after: readonly string[] = []): StartReader {
  return async (url, atEnd) => {
    const heard = new Heard();
    const { child } = startProgram(atEnd, command, [...before, url, ...after]);
    createInterface({ input: child.stdout }).on("line", (line) => heard.add(line));
    // Without this, a failure of the reader would not say why.
    child.stderr.on("data", (text: string) => process.stderr.write(text));
    return heard;
  };
}

/** Debian's Python: that is where its libraries are. */
function python(name: string, library: string): Client {
  return program(name, "/usr/bin/python3", ["-B", `${READERS}reader.py`, library]);
}

async function compileGo(atEnd: AtEnd): Promise<StartReader> {
  const folder = await temporaryFolder(atEnd);
  const binary = join(folder, "reader");
  const env = { GOCACHE: join(folder, "cache"), GOPATH: join(folder, "path"), GO111MODULE: "off", CGO_ENABLED: "0" };
  await runProgram("go", ["build", "-o", binary, `${READERS}reader.go`], { env });
  return reader(binary, []);
}

async function compileJava(atEnd: AtEnd, after: readonly string[]): Promise<StartReader> {
  const folder = await temporaryFolder(atEnd);
  await runProgram("javac", ["-d", folder, `${READERS}Reader.java`]);
  // The two flags halve the time to start.
  return reader("java", ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", folder, "Reader"], after);
}

/** Every client of the matrix, in its order. "As it comes" is the default of the library, whether that asks for gzip or not. */
export const CLIENTS: readonly Client[] = [
  { name: "Chromium, `EventSource`", prepare: startChromium },
  { name: "Firefox, `EventSource`", prepare: startFirefox },
  program("curl", "bash", [`${READERS}reader.sh`]),
  program("curl `--compressed`", "bash", [`${READERS}reader.sh`], ["--compressed"]),
  { name: "Go, `http.Get` and a scanner", prepare: compileGo },
  python("Python requests, `iter_lines()`", "requests-lines"),
  python("Python requests, `iter_content(None)`", "requests-content"),
  python("Python httpx, `iter_lines()`", "httpx"),
  python("Python aiohttp", "aiohttp"),
  python("Python urllib", "urllib"),
  program("PHP, curl", "php", [`${READERS}reader.php`], ["curl"]),
  program("PHP, `fopen` with `protocol_version` 1.0", "php", [`${READERS}reader.php`], ["fopen-1.0"]),
  { ...program("PHP, `fopen`", "php", [`${READERS}reader.php`], ["fopen"]), holdsBack: chunksArrive },
  program("Ruby net/http, `Accept-Encoding: identity`", "ruby", [`${READERS}reader.rb`], ["identity"]),
  { ...program("Ruby net/http", "ruby", [`${READERS}reader.rb`]), holdsBack: gzipArrives },
  { name: "Java HttpClient", prepare: (atEnd) => compileJava(atEnd, []) },
  {
    name: "Java HttpClient, `GZIPInputStream` and `lines()`",
    prepare: (atEnd) => compileJava(atEnd, ["gzip"]),
    holdsBack: gzipArrives,
  },
];
