// Puts the page together: reads the data, fills the choices, ties figures and controls to one view.

const byId = (id) => document.getElementById(id);
const manifest = JSON.parse(byId("manifest").textContent);

function option(value, text) {
  return element("option", { value }, text);
}

/** Choices of a cluster or of a node, each with its range of cores. */
function platformChoices(run) {
  const nodeEnds = [...run.nodeFirstCore.slice(1), run.numCores];
  return run.clusters.map(([name, first, end]) => {
    const group = element("optgroup", { label: `cluster ${name}` }, option(`${first},${end}`, `all of ${name}`));
    run.nodeFirstCore.forEach((core, node) => {
      if (core < first || core >= end) return;
      group.append(option(`${core},${nodeEnds[node]}`, `node ${node}: ${run.nodeTypes[node]}`));
    });
    return group;
  });
}

function showLegend(place, kind) {
  const { ends, colours, legend } = COLOURINGS[kind];
  place.replaceChildren();
  if (ends) {
    const stops = VIRIDIS.join(",");
    const bar = element("span", { class: "scale", style: `background:linear-gradient(90deg,${stops})` });
    place.append(ends[0], bar, ends[1]);
  } else {
    legend.forEach((name, k) =>
      place.append(element("span", { class: "swatch", style: `background:${colours[k]}` }), `${name} `),
    );
  }
}

class Page {
  constructor(runs) {
    this.runs = runs; // { run, columns, index } each
    const end = Math.max(...runs.map(({ run }) => run.end));
    this.view = new View(end, runs[0].run.numCores);
    this.gantt = new Gantt(byId("gantt-canvas"), this.view);
    this.series = manifest.series.map((series) => this.seriesFigure(series));
    this.table = new JobsTable(byId("jobs-in-view"), this.gantt, (job) => this.choose(job));
    this.tellView = later(() => this.announceView());
    this.view.changed.add((what) => what === "window" && this.tellView());
    this.bindControls();
    this.showRun(0);
  }

  seriesFigure(series) {
    const runs = this.runs.filter(({ columns }) => columns[series.key]);
    return new SeriesFigure(byId(`series-${series.key}`), series, runs, this.view);
  }

  showRun(index) {
    const { run, columns } = this.runs[index];
    this.view.setCores(run.numCores);
    this.gantt.show(run, columns);
    byId("gantt-part").replaceChildren(option(`0,${run.numCores}`, "all nodes"), ...platformChoices(run));
    byId("job-details").hidden = true;
    this.view.tell();
  }

  bindControls() {
    const { view, gantt } = this;
    byId("gantt-run-label").hidden = this.runs.length === 1;
    byId("gantt-run").append(...this.runs.map(({ run }, index) => option(index, run.name)));
    byId("gantt-run").addEventListener("change", (event) => this.showRun(Number(event.target.value)));
    byId("gantt-part").addEventListener("change", (event) => view.restrictTo(...event.target.value.split(",").map(Number)));
    byId("gantt-colour").addEventListener("change", (event) => {
      gantt.colourBy(event.target.value);
      showLegend(byId("gantt-legend"), event.target.value);
    });
    byId("gantt-find").addEventListener("submit", (event) => {
      event.preventDefault();
      this.find(event.target.elements.job.value.trim());
    });
    const actions = keyActions(view, { stepJob: (step) => this.stepJob(step), leave: () => this.choose(-1) });
    moveByKeys(byId("gantt"), actions);
    for (const button of document.querySelectorAll("[data-key]")) {
      button.addEventListener("click", () => actions[button.dataset.key]());
    }
    moveByPointer(gantt.figure, view, {
      cores: true,
      onClick: (x, y) => {
        byId("gantt").focus({ preventScroll: true });
        this.choose(gantt.jobAt(x, y));
      },
    });
  }

  /** Show the details of a job, or of none. */
  choose(job) {
    this.gantt.select(job);
    const { run, jobs } = this.gantt;
    if (job < 0) byId("job-details").hidden = true;
    else showDetails(byId("job-details"), run, jobs, job);
  }

  /** Show a job by its id, and move to it. */
  find(id) {
    const job = this.gantt.jobs.ids.indexOf(id);
    if (job < 0) {
      this.announce(`There is no job ${id} in this run.`);
      return;
    }
    this.choose(job);
    this.moveTo(job);
  }

  moveTo(job) {
    const { start, finish } = this.gantt.jobs;
    if (!(finish[job] >= start[job])) return;
    const margin = (finish[job] - start[job]) / 2;
    this.view.showTime(start[job] - margin, finish[job] + margin);
  }

  /** The next or the previous job by its start, among those in view. */
  stepJob(step) {
    const { jobs, raster, selected } = this.gantt;
    const all = raster.visible(this.view).filter((job) => raster.touches(job, this.view.cores));
    if (!all.length) return;
    all.sort((one, other) => jobs.start[one] - jobs.start[other] || one - other);
    const place = all.indexOf(selected);
    const next = place < 0 ? (step > 0 ? 0 : all.length - 1) : place + step;
    this.choose(all[Math.min(all.length - 1, Math.max(0, next))]);
  }

  announce(text) {
    this.tellView.cancel(); // which would overwrite the text
    byId("gantt-status").textContent = text;
  }

  announceView() {
    const { time, cores } = this.view;
    const [from, to] = time.map((value) => shownTime(value, (time[1] - time[0]) / 10));
    this.announce(`Time ${from} to ${to}, cores ${Math.floor(cores[0])} to ${Math.ceil(cores[1]) - 1}.`);
  }

  draw() {
    this.gantt.draw();
    for (const figure of this.series) figure.draw();
  }
}

/** A function that is called when it has not been asked for again, or cancelled, for a while. */
function later(function_, milliseconds = 300) {
  let timer = 0;
  const ask = () => {
    ask.cancel();
    timer = setTimeout(function_, milliseconds);
  };
  ask.cancel = () => clearTimeout(timer);
  return ask;
}

function offerOptions() {
  for (const button of document.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => {
      const text = byId(button.dataset.download).textContent;
      const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      element("a", { href: address, download: "options.json" }).click();
      URL.revokeObjectURL(address);
    });
  }
}

async function begin() {
  hideExplanations();
  offerOptions();
  let page = null;
  followTheme(byId("theme"), () => page?.draw());
  if (manifest.runs.length) {
    const columns = await Promise.all(manifest.runs.map(readColumns));
    page = new Page(manifest.runs.map((run, index) => ({ run, columns: columns[index], index: run.index })));
    printLight(() => page.draw());
  }
  document.documentElement.dataset.ready = "yes";
}

begin();
