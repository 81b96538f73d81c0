import { render } from "preact";
import "../../shared/ui/base.css";
import "./landing.css";
import { Landing } from "./landing.tsx";

const root = document.getElementById("app");
if (root === null) throw new TypeError("The page has no element #app.");
render(<Landing origin={location.origin} />, root);
