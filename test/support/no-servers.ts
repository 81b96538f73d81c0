// Runs before each unit test: a server or a program that the sources start makes the test fail, as test/projects.ts sees imports of tests only.
import { ChildProcess } from "node:child_process";
import { Server } from "node:net";

function refuse(): never {
  throw new Error("A unit test starts no server and no program. Import what starts it in the test: it is then of the project `servers`.");
}

Server.prototype.listen = refuse;
(ChildProcess.prototype as unknown as { spawn: () => never }).spawn = refuse;
