// Builds an OCI image from packages of Debian and npm alone, without a shell: `node packaging/image/build.mjs [OCI_LAYOUT]`.
// Needs apt-get, dpkg-deb and umoci. Prints the layout and its tag.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD, commitTime, installTree, run, VERSION } from "../tree.mjs";

/** What Node is linked to, and what it depends on. */
const LIBRARIES = ["libc6", "libgcc-s1", "libstdc++6"];
const NODE = 24;
const USER = "1000";
const MAIN = "/usr/lib/artesian/node_modules/artesian/dist/cli/main.js";
const HEALTH =
  "fetch(`http://127.0.0.1:${process.env.ARTESIAN_PORT ?? 3000}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";

const [layout = join(BUILD, "image")] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "artesian-image-"));
const root = join(work, "root");

function write(path, content) {
  writeFileSync(join(root, path), content);
}

try {
  process.umask(0o022);
  // As in Debian itself: the folders of programs and libraries are below /usr.
  for (const name of ["bin", "lib", "lib64", "sbin"]) {
    mkdirSync(join(root, "usr", name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  for (const name of ["etc", "proc", "sys", "dev", "tmp", "data"]) mkdirSync(join(root, name));
  chmodSync(join(root, "tmp"), 0o1777);

  // apt downloads as a user of its own.
  chmodSync(work, 0o777);
  run("apt-get", ["download", "-qq", ...LIBRARIES], { cwd: work });
  for (const name of readdirSync(work).filter((file) => file.endsWith(".deb"))) {
    const unpacked = join(work, "unpacked");
    run("dpkg-deb", ["--extract", name, unpacked], { cwd: work });
    for (const folder of ["lib", "lib64"]) {
      // Debian 12 has these beside /usr.
      run("sh", ["-c", `[ ! -d "$0/${folder}" ] || cp -a "$0/${folder}/." "$1/usr/${folder}/"`, unpacked, root]);
    }
    run("sh", ["-c", `rm -rf "$0/usr/share/lintian" && cp -a "$0/usr/." "$1/usr/"`, unpacked, root]);
    rmSync(unpacked, { recursive: true });
  }
  run("rm", ["-rf", join(root, "usr/lib/x86_64-linux-gnu/gconv"), join(root, "usr/share/gcc"), join(root, "usr/share/gdb")]);

  run("npm", [
    "install",
    "--prefix",
    work,
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    `node-linux-${process.arch}@${NODE}`,
  ]);
  cpSync(join(work, `node_modules/node-linux-${process.arch}/bin/node`), join(root, "usr/bin/node"));
  installTree(join(root, "usr/lib/artesian"));
  chmodSync(join(root, "usr/lib/artesian/node_modules/artesian/dist/cli/main.js"), 0o755);
  symlinkSync(`..${MAIN.slice("/usr".length)}`, join(root, "usr/bin/artesian"));

  write("etc/passwd", `root:x:0:0:root:/:/nologin\nartesian:x:${USER}:${USER}:artesian:/data:/nologin\n`);
  write("etc/group", `root:x:0:\nartesian:x:${USER}:\n`);
  write("etc/nsswitch.conf", "hosts: files dns\n");
  run("chown", ["-R", "0:0", root]);
  run("chown", [`${USER}:${USER}`, join(root, "data")]);
  chmodSync(join(root, "data"), 0o700);
  run("find", [root, "-newermt", `@${commitTime()}`, "-exec", "touch", "--no-dereference", "--date", `@${commitTime()}`, "{}", "+"]);

  rmSync(layout, { recursive: true, force: true });
  mkdirSync(join(layout, ".."), { recursive: true });
  run("umoci", ["init", "--layout", layout]);
  const image = `${layout}:${VERSION}`;
  run("umoci", ["new", "--image", image]);
  run("umoci", ["insert", "--image", image, root, "/"]);
  const configuration = {
    "config.entrypoint": ["/usr/bin/node", MAIN],
    "config.cmd": ["serve"],
    "config.env": ["PATH=/usr/bin", "NODE_ENV=production", "ARTESIAN_HOST=0.0.0.0", "ARTESIAN_DATA=/data"],
    "config.user": [`${USER}:${USER}`],
    "config.workingdir": ["/data"],
    "config.volume": ["/data"],
    "config.exposedports": ["3000/tcp"],
    "config.stopsignal": ["SIGTERM"],
    // An OCI image has no health check: those who run it ask by this program.
    "config.label": [`org.opencontainers.image.version=${VERSION}`, `artesian.health=/usr/bin/node -e '${HEALTH}'`],
  };
  const flags = Object.entries(configuration).flatMap(([name, values]) => values.flatMap((value) => [`--${name}`, value]));
  run("umoci", ["config", "--image", image, ...flags]);
  console.log(image);
} finally {
  rmSync(work, { recursive: true, force: true });
}
