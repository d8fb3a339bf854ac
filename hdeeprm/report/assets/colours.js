// Colours that people with any colour vision tell apart: Okabe and Ito's palette, and viridis.

const OKABE_ITO = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"];
const VIRIDIS = ["#46327E", "#365C8D", "#277F8E", "#1FA187", "#4AC16D", "#A0DA39", "#E3D51C"]; // seen on light and dark
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

function rgb(hex) {
  return [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
}

/** A colour of viridis, 0 to 1. */
function viridis(fraction) {
  const place = Math.min(1, Math.max(0, fraction)) * (VIRIDIS.length - 1);
  const lower = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [from, to] = [rgb(VIRIDIS[lower]), rgb(VIRIDIS[lower + 1])];
  return from.map((channel, k) => channel + (to[k] - channel) * (place - lower));
}

const themeColours = new Map(); // of the theme that is on

/** A colour of the style sheet in the theme that is on, as "rgb(red, green, blue)". */
function themeColour(name) {
  if (!themeColours.has(name)) {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(--${name})`;
    themeColours.set(name, getComputedStyle(probe).color);
    probe.remove();
  }
  return themeColours.get(name);
}

/** How a figure draws a run: its colour in this theme, and dashes where colours begin again. */
function runStyle(index) {
  return { colour: themeColour(`run-${index % 6}`), dash: DASHES[Math.floor(index / 6) % DASHES.length] };
}

// What the colour of a job can tell: a scale from 0 to 1 over the logarithm of a figure, or classes.
const COLOURINGS = {
  job: { classes: (jobs, job) => job % OKABE_ITO.length, colours: OKABE_ITO, legend: [] },
  slowdown: {
    scale: (jobs, job) => Math.log10(boundedSlowdown(jobs, job)) / 3,
    ends: ["1", "1,000 and more"],
  },
  wait: {
    scale: (jobs, job) => Math.log10(Math.max(1, jobs.start[job] - jobs.submit[job])) / 5,
    ends: ["1 s and less", "100,000 s and more"],
  },
  cores: {
    scale: (jobs, job) => Math.log2(jobs.cores[job]) / 10,
    ends: ["1 core", "1,024 cores and more"],
  },
  outcome: {
    classes: (jobs, job) => Number(jobs.state[job] !== 0),
    colours: [OKABE_ITO[0], OKABE_ITO[5]],
    legend: ["done", "killed"],
  },
};

function boundedSlowdown(jobs, job) {
  const turnaround = jobs.finish[job] - jobs.submit[job];
  return Math.max(1, turnaround / Math.max(jobs.finish[job] - jobs.start[job], 10));
}

/** Red, green and blue of each job, 0 to 255. */
function jobColours(jobs, kind) {
  const { classes, colours, scale } = COLOURINGS[kind];
  const table = colours && colours.map(rgb);
  const found = new Float32Array(3 * jobs.start.length);
  for (let job = 0; job < jobs.start.length; job++) {
    if (!(jobs.finish[job] >= jobs.start[job])) continue; // it did not run
    found.set(table ? table[classes(jobs, job)] : viridis(scale(jobs, job)), 3 * job);
  }
  return found;
}
