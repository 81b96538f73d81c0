import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./landing.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { Landing } from "./landing.tsx";

startPage(() => <Landing origin={location.origin} />);
