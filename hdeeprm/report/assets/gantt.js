// The Gantt chart: cores from top to bottom, time from left to right, a box for each job on its cores.

const LEAST_LABEL = 14; // pixels of height that the name of a cluster or a node needs
const LEAST_NODE = 5; // pixels of height from which on nodes are parted by lines

class Gantt {
  constructor(canvas, view) {
    this.figure = new Figure(canvas);
    this.view = view;
    this.selected = -1;
    this.colouring = "job";
    this.redraw = beforeNextFrame(() => this.draw());
    view.changed.add(this.redraw);
    new ResizeObserver(this.redraw).observe(canvas);
  }

  show(run, jobs) {
    this.run = run;
    this.jobs = jobs;
    this.raster = new Raster(jobs);
    this.selected = -1;
    this.colourBy(this.colouring);
  }

  colourBy(kind) {
    this.colouring = kind;
    this.colours = jobColours(this.jobs, kind);
    this.kept = null;
    this.redraw();
  }

  select(job) {
    this.selected = job;
    this.redraw();
  }

  draw() {
    if (!this.run) return;
    const { figure, view } = this;
    figure.begin();
    this.drawJobs();
    this.drawCoreAxis();
    figure.drawTimeAxis(view, false);
    figure.drawCursor(view);
    if (this.selected >= 0) this.drawSelected();
  }

  /** Draw the jobs as an image, which is kept: while time is moved, only another part of it is shown. */
  drawJobs() {
    const { figure, view } = this;
    const [width, height] = [figure.box.width, figure.box.height].map((size) => Math.round(size * figure.scale));
    const perSecond = width / (view.time[1] - view.time[0]);
    const state = [width, height, themeColour("surface"), perSecond.toPrecision(6), ...view.cores].join();
    if (!this.keeps(state, 1 / perSecond)) this.kept = this.drawnImage(state, perSecond, height);
    const { image, time } = this.kept;
    const offset = Math.min(Math.max(0, image.width - width), Math.round((view.time[0] - time[0]) * perSecond));
    const [left, top] = [figure.box.x, figure.box.y].map((size) => Math.round(size * figure.scale));
    figure.context.putImageData(image, left - offset, top, offset, 0, width, height);
  }

  /** Whether the image that is kept holds all that the view shows, but for a pixel. */
  keeps(state, pixel) {
    const { kept, view } = this;
    return kept?.state === state && kept.time[0] <= view.time[0] + pixel && kept.time[1] >= view.time[1] - pixel;
  }

  /** A new image; once time is moved, of a window more on either side. */
  drawnImage(state, perSecond, height) {
    const { view } = this;
    const margin = this.kept?.state === state ? view.time[1] - view.time[0] : 0;
    const time = [Math.max(0, view.time[0] - margin), Math.min(view.end, view.time[1] + margin)];
    const image = new ImageData(Math.max(1, Math.round((time[1] - time[0]) * perSecond)), height);
    const background = themeColour("surface").match(/\d+/g).map(Number);
    this.raster.draw(image, { time, cores: view.cores }, this.colours, background);
    return { state, time, image };
  }

  y(core) {
    const { box } = this.figure;
    return box.y + ((core - this.view.cores[0]) / (this.view.cores[1] - this.view.cores[0])) * box.height;
  }

  drawCoreAxis() {
    const { clusters, nodeFirstCore, numCores } = this.run;
    const [first, end] = this.view.cores;
    const perCore = this.figure.box.height / (end - first);
    const nodeEnds = [...nodeFirstCore.slice(1), numCores];
    const visible = nodeFirstCore.flatMap((core, node) => (core < end && nodeEnds[node] > first ? [node] : []));
    const height = (perCore * visible.reduce((sum, node) => sum + nodeEnds[node] - nodeFirstCore[node], 0)) / visible.length;
    if (height >= LEAST_NODE) this.drawBands(visible.map((node) => ["", nodeFirstCore[node], nodeEnds[node]]), "grid");
    const named = visible.map((node) => [`node ${node}`, nodeFirstCore[node], nodeEnds[node]]);
    if (height >= LEAST_LABEL || clusters.length === 1) this.drawBands(named, height >= LEAST_LABEL ? "muted" : "");
    else this.drawBands(clusters.length ? clusters : [["cores", 0, numCores]], "muted");
  }

  /** Lines of a colour, if any, between parts of the platform, and their names where there is room for them. */
  drawBands(bands, colour) {
    const { context, box } = this.figure;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.strokeStyle = colour ? themeColour(colour) : "transparent";
    context.fillStyle = themeColour("muted");
    context.lineWidth = 1;
    let lastLabel = -Infinity;
    for (const [name, first, end] of bands) {
      const top = Math.max(box.y, this.y(first));
      const bottom = Math.min(box.y + box.height, this.y(end));
      if (bottom <= top) continue;
      this.figure.line(box.x - (name ? 4 : 0), top, box.x + box.width, top);
      const middle = (top + bottom) / 2;
      if (!name || middle - lastLabel < LEAST_LABEL) continue;
      context.fillText(shortened(name), box.x - 8, middle);
      lastLabel = middle;
    }
    this.figure.line(box.x, box.y + box.height, box.x + box.width, box.y + box.height);
  }

  drawSelected() {
    const { context, box } = this.figure;
    const { start, finish, placementBegin, firstCore, coreCount } = this.jobs;
    const job = this.selected;
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    const [left, right] = [start[job], finish[job]].map((time) => this.figure.x(time, this.view));
    for (let place = placementBegin[job]; place < placementBegin[job + 1]; place++) {
      const [top, bottom] = [firstCore[place], firstCore[place] + coreCount[place]].map((core) => this.y(core));
      for (const [colour, width] of [["surface", 5], ["text", 2.5]]) {
        context.strokeStyle = themeColour(colour);
        context.lineWidth = width;
        context.strokeRect(left, top, Math.max(2, right - left), Math.max(2, bottom - top));
      }
    }
    context.restore();
  }

  /** The job under a point of the canvas, or -1. */
  jobAt(x, y) {
    const { box } = this.figure;
    const [first, end] = this.view.cores;
    const core = first + ((y - box.y) / box.height) * (end - first);
    return this.raster.jobAt(this.figure.time(x, this.view), core);
  }
}

function shortened(name) {
  return name.length > 13 ? `${name.slice(0, 12)}…` : name;
}
