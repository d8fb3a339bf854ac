// What there is to say of single jobs: the details of one, and a table of those in view.

const STATES = ["done", "killed at its walltime", "rejected", "failed"];
const ROWS = 50;

/** An element with attributes and children; texts are never taken for markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Cores of a job such as "0-3 7", and the nodes that they are on. */
function placesOf(run, jobs, job) {
  const cores = [];
  const nodes = new Set();
  for (let place = jobs.placementBegin[job]; place < jobs.placementBegin[job + 1]; place++) {
    const first = jobs.firstCore[place];
    const last = first + jobs.coreCount[place] - 1;
    cores.push(first === last ? `${first}` : `${first}-${last}`);
    if (!run.nodeFirstCore.length) continue;
    const lastNode = upperBound(run.nodeFirstCore, last) - 1;
    for (let node = upperBound(run.nodeFirstCore, first) - 1; node <= lastNode; node++) nodes.add(node);
  }
  return { cores: cores.join(" "), nodes: [...nodes].sort((one, other) => one - other).join(" ") };
}

function factsOf(run, jobs, job) {
  const { submit, start, finish } = jobs;
  const { cores, nodes } = placesOf(run, jobs, job);
  const facts = [
    ["Outcome", STATES[jobs.state[job]]],
    ["Submitted", `${shownNumber(submit[job], 8)} s`],
    ["Started", `${shownNumber(start[job], 8)} s`],
    ["Finished", `${shownNumber(finish[job], 8)} s`],
    ["Waited", shownDuration(start[job] - submit[job])],
    ["Ran", shownDuration(finish[job] - start[job])],
    ["Bounded slowdown", shownNumber(boundedSlowdown(jobs, job))],
    ["Walltime", jobs.walltime[job] >= 0 ? shownDuration(jobs.walltime[job]) : "none"],
    ["Cores", `${jobs.cores[job]}${cores ? `: ${cores}` : ""}`],
    ["Nodes", nodes || "-"],
    ["Energy", `${shownNumber(jobs.energy[job] / 1000)} kJ`],
  ];
  if (jobs.memory) facts.push(["Memory per core", `${shownNumber(jobs.memory[job])} MB`]);
  if (jobs.bandwidth) facts.push(["Bandwidth per core", `${shownNumber(jobs.bandwidth[job])} GB/s`]);
  return facts;
}

function showDetails(place, run, jobs, job) {
  const list = element("dl");
  for (const [name, value] of factsOf(run, jobs, job)) {
    list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  }
  place.replaceChildren(element("h3", {}, `Job ${jobs.ids[job]}`), list);
  place.hidden = false;
}

/** Jobs in view in the order of their starts, a page of rows at a time. */
class JobsTable {
  constructor(place, gantt, onChoice) {
    Object.assign(this, { place, gantt, onChoice, page: 0 });
    this.body = place.querySelector("tbody");
    this.count = place.querySelector("[data-count]");
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      place.querySelector(`[data-page=${name}]`).addEventListener("click", () => this.turn(step));
    }
    place.addEventListener("toggle", () => this.refresh());
    gantt.view.changed.add((what) => what === "window" && this.later());
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 200);
  }

  refresh() {
    this.page = 0;
    if (this.place.open && this.gantt.run) this.fill();
  }

  turn(step) {
    this.page += step;
    this.fill();
  }

  fill() {
    const { jobs, raster, view } = this.gantt;
    const all = raster.visible(view).filter((job) => raster.touches(job, view.cores));
    all.sort((one, other) => jobs.start[one] - jobs.start[other]);
    this.page = Math.max(0, Math.min(this.page, Math.ceil(all.length / ROWS) - 1));
    const first = this.page * ROWS;
    const rows = all.slice(first, first + ROWS);
    this.body.replaceChildren(...rows.map((job) => this.row(job)));
    const shown = all.length ? `${first + 1} to ${first + rows.length} of ${shownNumber(all.length)}` : "none";
    this.count.textContent = `Jobs in view: ${shown}`;
    this.place.querySelector("[data-page=previous]").disabled = this.page === 0;
    this.place.querySelector("[data-page=next]").disabled = first + ROWS >= all.length;
  }

  row(job) {
    const { jobs } = this.gantt;
    const button = element("button", { type: "button", class: "link" }, jobs.ids[job]);
    button.addEventListener("click", () => this.onChoice(job));
    const figures = [
      jobs.submit[job],
      jobs.start[job],
      jobs.finish[job],
      jobs.start[job] - jobs.submit[job],
      jobs.cores[job],
      boundedSlowdown(jobs, job),
    ];
    const cells = figures.map((value) => element("td", {}, shownNumber(value, 8)));
    return element("tr", {}, element("th", { scope: "row" }, button), ...cells, element("td", {}, STATES[jobs.state[job]]));
  }
}
