// npm run packaging: builds the Debian package and the OCI image, and checks both.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = (...args) => execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
const check = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

const packages = ["1", "2"].map((revision) => node(path("debian/build.mjs"), revision));
console.log(packages.join("\n"));
check("lintian", "--fail-on", "error,warning", "--allow-root", packages[0]);
check(path("debian/check.sh"), ...packages);
const image = node(path("image/build.mjs"));
console.log(image);
check(process.execPath, path("image/check.mjs"), image);
