/** A headline and its summary. `{place}` and `{n}` change at each repetition. */
export type Story = readonly [title: string, summary: string];

export const PLACES: readonly string[] = [
  "Saltmarsh",
  "Low Hollow",
  "Birchfield",
  "Quarry End",
  "Little Haven",
  "Nettlecombe",
  "Upper Weir",
  "Foxbridge",
  "Stonewick",
  "Old Ferry",
  "Larkmoor",
];

export const TOWN: readonly Story[] = [
  ["Ferry to {place} to run every {n} minutes", "The harbour office says that the second boat is back from its winter repairs."],
  ["{place} library lends out its {n},000th seed packet", "Borrowers bring back seeds of what they grew; tomatoes lead by a wide margin."],
  ["Lost tortoise found {n} streets from home in {place}", "Neighbours say that it took the whole summer to get there."],
  ["Footbridge at {place} reopens after {n} days", "The new planks come from the oak that fell across the old ones."],
  ["Night market in {place} welcomes {n} stalls", "Lanterns are to be lit at seven, rain or no rain."],
  ["{place} bakery sells out of rye bread by {n} past eight", "The baker promises a second oven before the month is out."],
  ["Town clock of {place} is right again after {n} years", "A school class found the missing cog in a drawer of the museum."],
  ["{n} benches for the river walk at {place}", "Each has a plate with a line that its giver liked."],
  [
    "Tram drivers of {place} win choir contest with {n} points",
    "They rehearse on the last run of the night, when the carriages are empty.",
  ],
  ["Swimmers of {place} open the season at {n} degrees", "Tea was served on the pier, and nobody stayed in for long."],
  ["{place} repairs {n} bicycles in one afternoon", "The next repair day is planned for spring, with more pumps."],
  ["Post office at {place} delivers letter after {n} years", "It was an invitation. The party has been moved to Saturday."],
  ["{place} plants {n} apple trees along the old railway", "Anyone may pick, the council says, and nobody may sell."],
  ["Chess club of {place} draws all {n} games", "Both captains call it the most peaceful evening in memory."],
  ["Rain barrel count: {place} has {n} of them", "The gardeners' guild sees a good summer ahead."],
  ["{place} names its snow plough after {n} days of voting", "The winning name will be painted on when the paint is dry."],
];

export const SCIENCE: readonly Story[] = [
  ["Moss on {place} roofs is home to {n} kinds of beetle", "The count took a ladder, a lens and most of the spring."],
  ["Students at {place} measure the tide with {n} bottles", "The result is within a hand's breadth of the official table."],
  ["Observatory at {place} counts {n} shooting stars in an hour", "The sky was clear for the first time in three weeks."],
  ["Hens in {place} prefer slow music, {n}-day study finds", "The hens were free to leave; most of them stayed."],
  ["Old maps of {place} show a river that moved {n} metres", "The mill now stands on the wrong bank, and has for a century."],
  ["Sourdough of {place} kept alive for {n} years", "Three families share it, and none of them agrees on the flour."],
  ["{place} weather station records rainbow number {n}", "Double ones count once, the keeper explains."],
  ["Bees at {place} pick lime trees over clover, {n} to one", "The honey is said to taste a little of mint."],
  ["Ice on {place} pond thickest in {n} winters", "Skaters are asked to wait for two more cold nights all the same."],
  ["Sundial at {place} found to be {n} minutes late", "It was made for another town, an inscription says."],
  ["Volunteers map {n} springs around {place}", "Two of them were known only to the cows."],
  ["Owl box {n} at {place} has tenants at last", "A camera is to stay off until the young have left."],
  ["Recipe for {place} brick found after {n} years", "It needs river clay, ash and a great deal of patience."],
  ["Paper boat from {place} sails {n} kilometres", "It was found by a lock keeper, who dried it and sent it back."],
  ["Lichen at {place} grows {n} millimetres in a year", "At that rate it will cover the gate by the next century."],
  ["{place} school builds a telescope from {n} lenses", "The Moon was first, then the clock on the town hall."],
];

export const CULTURE: readonly Story[] = [
  ["Museum of {place} shows {n} umbrellas that were left behind", "Whoever knows theirs again may take it home on the last day."],
  ["Brass band of {place} plays {n} marches by heart", "The sheet music had gone to the wrong town."],
  ["Poem on the {place} bus line reaches stanza {n}", "Each stop adds a line; the driver has the last word."],
  ["Puppet theatre of {place} opens season {n} with a dragon", "The dragon was repaired by the fire brigade."],
  ["{n} voices wanted for the winter choir in {place}", "Nobody needs to read notes, and there is soup afterwards."],
  ["Painter draws every door in {place}, all {n} of them", "Only one of them has since been painted another colour."],
  ["Film club of {place} shows silent picture number {n}", "The pianist has not missed an evening yet."],
  ["Kite festival moves to {place} with {n} entries", "The judges will sit out of the wind this year."],
  ["Dictionary of {place} words grows to {n} entries", "The newest is a word for rain that only falls on Sundays."],
  ["{place} carnival picks its theme after {n} proposals", "It will be gardens, underwater."],
  ["Bell ringers of {place} go through {n} changes without a slip", "The rooks were seen to leave early."],
  ["Reading marathon in {place} ends after {n} hours", "The last page was read by the youngest, who had waited for it."],
  ["Lantern walk through {place} draws {n} lanterns", "The one shaped like a teapot was the children's favourite."],
  ["Violin maker of {place} finishes instrument {n}", "It will be played for the first time in the old boathouse."],
  ["Quilt of {place} is {n} metres long and growing", "It is to be hung from the bridge, if the bridge agrees."],
  ["Radio play from {place} uses {n} kitchen sounds", "The thunder is a baking tray. It always is."],
];
