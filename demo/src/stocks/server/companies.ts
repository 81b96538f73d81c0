/** A company of the simulated market. None of them exists. */
export interface Company {
  readonly symbol: string;
  readonly name: string;
  /** The price when the market opens for the first time. */
  readonly price: number;
}

/**
 * Companies with names from wells, water and rock, so that nobody takes them for real ones. The
 * first companies trade the most.
 */
export const COMPANIES: readonly Company[] = [
  ["ARTWL", "Artesian Waterworks", 182.4],
  ["AQFER", "Aquifer Holdings", 96.15],
  ["DPSPR", "Deep Spring Energy", 58.3],
  ["LMSTN", "Limestone & Daughters", 241.75],
  ["BRHOL", "Borehole Instruments", 127.9],
  ["GEYSR", "Geyser Thermal", 44.62],
  ["TIDEW", "Tidewright Shipping", 73.08],
  ["CLAYB", "Claybank Ceramics", 31.44],
  ["PUMPL", "Pumpless Systems", 312.6],
  ["SANDG", "Sandgrain Semiconductor", 428.35],
  ["RVRBD", "Riverbed Logistics", 67.81],
  ["CSTRN", "Cistern Storage", 112.27],
  ["DELTA7", "Delta Seven Robotics", 205.5],
  ["EDDYC", "Eddy Current Motors", 88.94],
  ["FJORD", "Fjordline Ferries", 52.16],
  ["GRVTY", "Gravity Main Utilities", 61.7],
  ["HYDRL", "Hydraulis Machines", 143.38],
  ["KARST", "Karst Exploration", 19.85],
  ["LAGUN", "Laguna Pharmaceuticals", 276.2],
  ["MARSH", "Marshlight Media", 24.57],
  ["NIMBS", "Nimbus Forecasting", 158.63],
  ["OXBOW", "Oxbow Insurance", 79.49],
  ["PEBBL", "Pebble Payments", 134.02],
  ["QUARY", "Quarry & Quill Publishing", 36.91],
  ["RAINM", "Rainmaker Seeds", 47.28],
  ["SLUIC", "Sluice Networks", 221.16],
  ["TARNS", "Tarn Software", 389.74],
  ["UPWEL", "Upwell Biotech", 93.33],
  ["VALVE9", "Valve Nine Controls", 64.25],
  ["WTRTB", "Watertable Research", 172.8],
  ["AMBRS", "Amber Strata Optics", 104.66],
  ["BASLT", "Basalt Construction", 55.07],
  ["BRINE", "Brine Chemical", 28.73],
  ["CASCD", "Cascade Turbines", 119.52],
  ["CHALK", "Chalkline Education", 16.48],
  ["CONDU", "Conduit Telecom", 41.36],
  ["CRESW", "Creswell Foods", 83.12],
  ["DEWPT", "Dewpoint Climate", 66.95],
  ["DRILL8", "Drill Eight Tools", 90.41],
  ["ESTUA", "Estuary Fisheries", 22.19],
  ["FATHM", "Fathom Sonar", 147.77],
  ["FLNTS", "Flintstream Cutlery", 39.6],
  ["FLUVI", "Fluvia Cosmetics", 71.53],
  ["FORDX", "Ford's Crossing Freight", 48.84],
  ["GLACR", "Glacier Cold Chain", 125.31],
  ["GRVLP", "Gravelpit Games", 33.05],
  ["HEADW", "Headwater Capital", 199.9],
  ["ISTHM", "Isthmus Bridges", 57.44],
  ["KELPF", "Kelp Forest Textiles", 26.62],
  ["LOESS", "Loess Agriculture", 45.71],
  ["MILLR", "Millrace Brewing", 62.08],
  ["MISTY", "Misty Peak Resorts", 37.29],
  ["MORAI", "Moraine Aggregates", 29.94],
  ["OASIS5", "Oasis Five Hotels", 84.67],
  ["PLUMB", "Plumbline Surveying", 51.23],
  ["REEFS", "Reefside Marine", 43.58],
  ["SILTS", "Silt Soil Science", 18.36],
  ["SPRNG", "Springhead Mattresses", 77.4],
  ["TORNT", "Torrent Rail", 109.85],
  ["WEIRD", "Weir & Dam Engineering", 68.19],
].map(([symbol, name, price]) => ({ symbol, name, price }) as Company);
