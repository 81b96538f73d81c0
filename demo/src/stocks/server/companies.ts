/** A company of the simulated market. None of them exists. */
export interface Company {
  readonly symbol: string;
  readonly name: string;
  /** The name in Chinese. */
  readonly nameZh: string;
  /** The price when the market opens for the first time. */
  readonly price: number;
}

/**
 * Companies with names from wells, water and rock, so that nobody takes them for real ones. The
 * first companies trade the most.
 */
export const COMPANIES: readonly Company[] = [
  ["ARTWL", "Artesian Waterworks", "自流水务", 182.4],
  ["AQFER", "Aquifer Holdings", "含水层控股", 96.15],
  ["DPSPR", "Deep Spring Energy", "深泉能源", 58.3],
  ["LMSTN", "Limestone & Daughters", "灰岩父女", 241.75],
  ["BRHOL", "Borehole Instruments", "钻孔仪器", 127.9],
  ["GEYSR", "Geyser Thermal", "间歇泉地热", 44.62],
  ["TIDEW", "Tidewright Shipping", "潮匠航运", 73.08],
  ["CLAYB", "Claybank Ceramics", "黏土岸陶瓷", 31.44],
  ["PUMPL", "Pumpless Systems", "无泵系统", 312.6],
  ["SANDG", "Sandgrain Semiconductor", "砂粒半导体", 428.35],
  ["RVRBD", "Riverbed Logistics", "河床物流", 67.81],
  ["CSTRN", "Cistern Storage", "蓄水池仓储", 112.27],
  ["DELTA7", "Delta Seven Robotics", "三角洲七号机器人", 205.5],
  ["EDDYC", "Eddy Current Motors", "涡流电机", 88.94],
  ["FJORD", "Fjordline Ferries", "峡湾轮渡", 52.16],
  ["GRVTY", "Gravity Main Utilities", "重力干管公用", 61.7],
  ["HYDRL", "Hydraulis Machines", "水力机械", 143.38],
  ["KARST", "Karst Exploration", "喀斯特勘探", 19.85],
  ["LAGUN", "Laguna Pharmaceuticals", "泻湖制药", 276.2],
  ["MARSH", "Marshlight Media", "沼光传媒", 24.57],
  ["NIMBS", "Nimbus Forecasting", "雨云气象", 158.63],
  ["OXBOW", "Oxbow Insurance", "牛轭湖保险", 79.49],
  ["PEBBL", "Pebble Payments", "卵石支付", 134.02],
  ["QUARY", "Quarry & Quill Publishing", "采石与羽笔出版", 36.91],
  ["RAINM", "Rainmaker Seeds", "唤雨种业", 47.28],
  ["SLUIC", "Sluice Networks", "水闸网络", 221.16],
  ["TARNS", "Tarn Software", "山潭软件", 389.74],
  ["UPWEL", "Upwell Biotech", "涌升生物", 93.33],
  ["VALVE9", "Valve Nine Controls", "九号阀门控制", 64.25],
  ["WTRTB", "Watertable Research", "地下水位研究", 172.8],
  ["AMBRS", "Amber Strata Optics", "琥珀层光学", 104.66],
  ["BASLT", "Basalt Construction", "玄武岩建设", 55.07],
  ["BRINE", "Brine Chemical", "卤水化工", 28.73],
  ["CASCD", "Cascade Turbines", "叠瀑涡轮", 119.52],
  ["CHALK", "Chalkline Education", "白垩线教育", 16.48],
  ["CONDU", "Conduit Telecom", "导管电信", 41.36],
  ["CRESW", "Creswell Foods", "水芹食品", 83.12],
  ["DEWPT", "Dewpoint Climate", "露点气候", 66.95],
  ["DRILL8", "Drill Eight Tools", "八号钻具", 90.41],
  ["ESTUA", "Estuary Fisheries", "河口渔业", 22.19],
  ["FATHM", "Fathom Sonar", "英寻声呐", 147.77],
  ["FLNTS", "Flintstream Cutlery", "燧石溪刀具", 39.6],
  ["FLUVI", "Fluvia Cosmetics", "溪川美妆", 71.53],
  ["FORDX", "Ford's Crossing Freight", "渡口货运", 48.84],
  ["GLACR", "Glacier Cold Chain", "冰川冷链", 125.31],
  ["GRVLP", "Gravelpit Games", "砾石坑游戏", 33.05],
  ["HEADW", "Headwater Capital", "源头资本", 199.9],
  ["ISTHM", "Isthmus Bridges", "地峡桥梁", 57.44],
  ["KELPF", "Kelp Forest Textiles", "海藻林纺织", 26.62],
  ["LOESS", "Loess Agriculture", "黄土农业", 45.71],
  ["MILLR", "Millrace Brewing", "磨坊渠酿造", 62.08],
  ["MISTY", "Misty Peak Resorts", "雾峰度假", 37.29],
  ["MORAI", "Moraine Aggregates", "冰碛骨料", 29.94],
  ["OASIS5", "Oasis Five Hotels", "绿洲五号酒店", 84.67],
  ["PLUMB", "Plumbline Surveying", "铅垂线测绘", 51.23],
  ["REEFS", "Reefside Marine", "礁畔海洋", 43.58],
  ["SILTS", "Silt Soil Science", "粉砂土壤科学", 18.36],
  ["SPRNG", "Springhead Mattresses", "源泉床垫", 77.4],
  ["TORNT", "Torrent Rail", "激流轨道", 109.85],
  ["WEIRD", "Weir & Dam Engineering", "堰坝工程", 68.19],
].map(([symbol, name, nameZh, price]) => ({ symbol, name, nameZh, price }) as Company);
