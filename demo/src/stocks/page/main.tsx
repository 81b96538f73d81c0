import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./stocks.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { StocksPage } from "./stocks-page.tsx";

startPage(() => <StocksPage origin={location.origin} />);
