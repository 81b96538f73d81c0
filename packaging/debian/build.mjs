// Builds the Debian package: `node packaging/debian/build.mjs [REVISION]`. Prints its path.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { BUILD, commitTime, installTree, LICENSE, ROOT, run, VERSION } from "../tree.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const [revision = "1"] = process.argv.slice(2);
const version = `${VERSION}-${revision}`;
const folder = join(BUILD, "debian");
const target = join(BUILD, `artesian_${version}_all.deb`);
const SOURCE_DATE_EPOCH = commitTime();

function write(path, content, mode = 0o644) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  chmodSync(file, mode);
}

/** gzip without a name and a time, as the policy wants it. */
const zip = (text) => gzipSync(text, { level: 9 });

process.umask(0o022);
rmSync(folder, { recursive: true, force: true });
installTree(join(folder, "usr/lib/artesian"));
mkdirSync(join(folder, "usr/bin"), { recursive: true });
symlinkSync("../lib/artesian/node_modules/artesian/dist/cli/main.js", join(folder, "usr/bin/artesian"));
run("find", [join(folder, "usr/lib/artesian"), "-type", "f", "-exec", "chmod", "644", "{}", "+"]);
chmodSync(join(folder, "usr/lib/artesian/node_modules/artesian/dist/cli/main.js"), 0o755);

const unit = readFileSync(join(ROOT, "packaging/systemd/artesian.service"), "utf8");
write("usr/lib/systemd/system/artesian.service", unit.replaceAll(/^(Exec\w+=)artesian /gm, "$1/usr/bin/artesian "));
cpSync(join(HERE, "etc"), join(folder, "etc"), { recursive: true });
const date = run("date", ["-R", "-u", "-d", `@${SOURCE_DATE_EPOCH}`]).trim();
const maintainer = "The Artesian contributors <packages@artesian.invalid>";
write("usr/share/doc/artesian/copyright", readFileSync(join(HERE, "copyright"), "utf8"));
write("usr/share/doc/artesian/README.Debian", readFileSync(join(HERE, "README.Debian"), "utf8"));
write(
  "usr/share/doc/artesian/changelog.Debian.gz",
  zip(`artesian (${version}) unstable; urgency=medium\n\n  * Version ${VERSION}: see CHANGELOG.md.\n\n -- ${maintainer}  ${date}\n`),
);
write("usr/share/doc/artesian/changelog.gz", zip(readFileSync(join(ROOT, "CHANGELOG.md"))));
write("usr/share/man/man1/artesian.1.gz", zip(readFileSync(join(HERE, "artesian.1"))));
write("usr/share/lintian/overrides/artesian", readFileSync(join(HERE, "lintian-overrides"), "utf8"));

const size = run("du", ["-sk", folder]).split("\t")[0];
write(
  "DEBIAN/control",
  `Package: artesian
Version: ${version}
Architecture: all
Maintainer: ${maintainer}
Installed-Size: ${size}
Depends: nodejs (>= 20.19)
Section: net
Priority: optional
Description: hub that pushes live data to browsers over Server-Sent Events
 Artesian takes updates over HTTP and delivers them to browsers and programs
 as Server-Sent Events, by the Mercure protocol. Updates are kept in a log on
 the disk, in Redis or in NATS, and a subscriber that was away gets those that
 it missed. The package runs the hub as a service. Licence: ${LICENSE}.
`,
);
write("DEBIAN/conffiles", "/etc/artesian/artesian.json\n");
for (const script of ["postinst", "prerm", "postrm"]) write(`DEBIAN/${script}`, readFileSync(join(HERE, script), "utf8"), 0o755);
const files = run("find", [".", "-type", "f", "-not", "-path", "./DEBIAN/*", "-printf", "%P\\0"], { cwd: folder })
  .split("\0")
  .filter(Boolean)
  .toSorted();
write("DEBIAN/md5sums", run("xargs", ["-0", "md5sum"], { cwd: folder, input: files.join("\0"), stdio: ["pipe", "pipe", "inherit"] }));
run("dpkg-deb", ["--root-owner-group", "--build", folder, target], { env: { ...process.env, SOURCE_DATE_EPOCH } });
console.log(target);
