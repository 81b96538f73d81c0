import { render } from "preact";
import "../../shared/ui/base.css";
import "./console.css";
import { ConsoleApp } from "./console-app.tsx";

const root = document.getElementById("app");
if (root === null) throw new TypeError("The page has no element #app.");
render(<ConsoleApp />, root);
