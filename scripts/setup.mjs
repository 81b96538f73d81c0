// Installs what the tests run besides npm packages: real browsers, servers and languages from Debian's packages, and
// the newest of each version of Node, of Bun and of Deno, and some frameworks, from the npm registry.
// It changes nothing when all is there. What can't be installed is a failure that says what to do, never a skip.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { installFrameworks } from "./framework-apps.mjs";
import { installRuntimes } from "./runtimes.mjs";

const TOOLS = [
  { command: "chromium", packageName: "chromium", why: "the browser tests" },
  { command: "chromium-headless-shell", packageName: "chromium-headless-shell", why: "the browser tests, in two thirds of the time" },
  { command: "nginx", packageName: "nginx-light", why: "the reverse-proxy test" },
  { command: "curl", packageName: "curl", why: "the command-line examples" },
  { command: "redis-server", packageName: "redis-server", why: "the tests of the journal on Redis" },
  { command: "redis-sentinel", packageName: "redis-sentinel", why: "the tests of the journal on Redis" },
  { command: "nats-server", packageName: "nats-server", why: "the tests of the journal on NATS" },
  { command: "prometheus", packageName: "prometheus", why: "the tests of the metrics and the alerts" },
  { command: "systemd-analyze", packageName: "systemd", why: "the tests of the systemd unit" },
  { command: "openssl", packageName: "openssl", why: "the test over TLS" },
  { command: "php", packageName: "php-cli", why: "the tests with Symfony's clients" },
  {
    file: "/usr/share/php/Symfony/Component/Mercure/autoload.php",
    packageName: "php-symfony-mercure",
    why: "the tests with Symfony's clients",
  },
  {
    file: "/usr/share/php/Symfony/Component/HttpClient/autoload.php",
    packageName: "php-symfony-http-client",
    why: "the tests with Symfony's clients",
  },
  { file: "/usr/lib/python3/dist-packages/flask/__init__.py", packageName: "python3-flask", why: "the Flask example's test" },
];

const FIELD = "the tests of clients and proxies";
for (const [packageName, command] of [
  ["firefox-esr", "firefox-esr"],
  ["golang-go", "go"],
  ["ruby", "ruby"],
  ["default-jdk-headless", "javac"],
  ["caddy", "caddy"],
  ["haproxy", "haproxy"],
  ["apache2", "apache2"],
  ["varnish", "varnishd"],
]) {
  TOOLS.push({ packageName, command, why: FIELD });
}
TOOLS.push({ packageName: "php-curl", file: "/usr/share/doc/php-curl/copyright", why: FIELD });
for (const library of ["requests", "httpx", "aiohttp"]) {
  TOOLS.push({ packageName: `python3-${library}`, file: `/usr/lib/python3/dist-packages/${library}/__init__.py`, why: FIELD });
}

// nginx is in sbin, which a user's PATH may lack.
const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

function isThere(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function hasCommand(command) {
  return directories.some((directory) => isThere(join(directory, command), constants.X_OK));
}

function isInstalled({ command, file }) {
  return file === undefined ? hasCommand(command) : isThere(file, constants.R_OK);
}

function run(command, args) {
  console.error(`setup: ${command} ${args.join(" ")}`);
  const { status } = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    // Run level 1 starts no service: the tests start their own servers.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  });
  return status === 0;
}

const missing = TOOLS.filter((tool) => !isInstalled(tool));
if (missing.length > 0) {
  const packages = missing.map(({ packageName }) => packageName);
  if (process.getuid?.() === 0 && hasCommand("apt-get")) {
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages]);
  }
  const left = missing.filter((tool) => !isInstalled(tool));
  if (left.length > 0) {
    for (const { packageName, why } of left) console.error(`setup: the package ${packageName} is missing; ${why} need it.`);
    console.error(
      `setup: install it, for example on Debian or Ubuntu:\n  sudo apt-get install ${left.map(({ packageName }) => packageName).join(" ")}`,
    );
    process.exit(1);
  }
}

try {
  await installRuntimes();
  await installFrameworks();
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exit(1);
}
