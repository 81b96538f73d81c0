// Runs before each unit test: a server or a program that the sources start makes the test fail, as test/projects.ts sees imports of tests only.
import { ChildProcess } from "node:child_process";
import { Server } from "node:net";

function refuse(): never {
  throw new Error("A unit test starts no server and no program. Import what starts it in the test: it is then of the project `servers`.");
}

const listen: unknown = Reflect.get(Server.prototype, "listen");
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  // The process that has a log open listens in the log's directory.
  const [where] = args;
  if (typeof where === "object" && where !== null && /\/writer-\d+$/.test(String(Reflect.get(where, "path")))) {
    return Reflect.apply(listen as () => Server, this, args);
  }
  return refuse();
};
(ChildProcess.prototype as unknown as { spawn: () => never }).spawn = refuse;
