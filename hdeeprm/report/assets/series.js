// Figures over time, one above the other on the time axis of the Gantt chart, with a line for each run.

const DENSE = 2; // changes per pixel from which on a line is drawn by its mean, least and largest value

class SeriesFigure {
  constructor(panel, series, runs, view) {
    Object.assign(this, { panel, series, runs, view });
    this.figure = new Figure(panel.querySelector("canvas"));
    this.readout = panel.querySelector("[data-readout]");
    this.redraw = beforeNextFrame(() => this.draw());
    view.changed.add(this.redraw);
    new ResizeObserver(this.redraw).observe(this.figure.canvas);
    moveByPointer(this.figure, view);
    this.top = niceTop(Math.max(0, ...runs.map((run) => largest(run.columns[series.key]))));
  }

  draw() {
    this.figure.begin();
    this.drawValueAxis();
    this.figure.drawTimeAxis(this.view, true);
    for (const run of this.runs) this.drawRun(run);
    this.figure.drawCursor(this.view);
    this.readout.textContent = this.valuesAtCursor();
  }

  y(value) {
    const { box } = this.figure;
    return box.y + box.height * (1 - value / this.top);
  }

  drawValueAxis() {
    const { context, box } = this.figure;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = themeColour("muted");
    context.strokeStyle = themeColour("grid");
    context.lineWidth = 1;
    for (const value of ticks([0, this.top], this.top / 2)) {
      this.figure.line(box.x, this.y(value), box.x + box.width, this.y(value));
      context.fillText(shownNumber(value), box.x - 6, this.y(value));
    }
  }

  drawRun({ columns, index }) {
    const values = columns[this.series.key];
    const [times, { time }] = [columns.event_time, this.view];
    const first = Math.max(0, upperBound(times, time[0]) - 1);
    const end = upperBound(times, time[1]);
    const { context, box } = this.figure;
    const { colour, dash } = runStyle(index);
    context.save();
    context.beginPath();
    context.rect(box.x, 0, box.width, box.y + box.height + 1);
    context.clip();
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.5;
    context.setLineDash(dash);
    if (end - first > DENSE * box.width) this.drawDense(times, values, first, end);
    else this.drawSteps(times, values, first, end);
    context.restore();
  }

  drawSteps(times, values, first, end) {
    const { context, box } = this.figure;
    context.beginPath();
    for (let k = first; k < end; k++) {
      const y = this.y(values[k]);
      const x = this.figure.x(times[k], this.view);
      if (k === first) context.moveTo(x, y);
      else context.lineTo(x, y);
      const next = k + 1 < times.length ? this.figure.x(times[k + 1], this.view) : x;
      context.lineTo(Math.min(next, box.x + box.width + 2), y);
    }
    context.stroke();
  }

  /** By pixels: a band from the least to the largest value, and a line of means over time. */
  drawDense(times, values, first, end) {
    const { context, box } = this.figure;
    const bins = binned(times, values, first, end, this.view.time, Math.round(box.width));
    context.globalAlpha = 0.3;
    for (let x = 0; x < bins.mean.length; x++) {
      const [low, high] = [this.y(bins.low[x]), this.y(bins.high[x])];
      if (low > high) context.fillRect(box.x + x, high, 1, low - high);
    }
    context.globalAlpha = 1;
    context.beginPath();
    for (let x = 0; x < bins.mean.length; x++) {
      if (Number.isFinite(bins.mean[x])) context.lineTo(box.x + x + 0.5, this.y(bins.mean[x]));
    }
    context.stroke();
  }

  valuesAtCursor() {
    if (!Number.isFinite(this.view.cursor)) return "";
    const values = this.runs.map(({ columns, run }) => {
      const place = upperBound(columns.event_time, this.view.cursor) - 1;
      const value = `${shownNumber(columns[this.series.key][Math.max(0, place)])} ${this.series.unit}`.trim();
      return this.runs.length > 1 ? `${run.name}: ${value}` : value;
    });
    return `at ${shownTime(this.view.cursor, 1)}: ${values.join("; ")}`;
  }
}

/** Least, largest and mean value over time of a step function in equal parts of a window. */
function binned(times, values, first, end, [from, to], count) {
  const low = new Float64Array(count).fill(Infinity);
  const high = new Float64Array(count).fill(-Infinity);
  const sum = new Float64Array(count);
  const width = (to - from) / count;
  const lastTime = Math.min(to, times[times.length - 1]);
  for (let k = first; k < end; k++) {
    let left = Math.max(from, times[k]);
    const right = Math.min(lastTime, k + 1 < times.length ? times[k + 1] : lastTime);
    for (let bin = Math.min(count - 1, Math.floor((left - from) / width)); bin < count && left <= right; bin++) {
      const until = Math.min(right, from + (bin + 1) * width);
      low[bin] = Math.min(low[bin], values[k]);
      high[bin] = Math.max(high[bin], values[k]);
      sum[bin] += values[k] * (until - left);
      if (until >= right) break;
      left = until;
    }
  }
  const covered = (bin) => Math.min(lastTime, from + (bin + 1) * width) - (from + bin * width);
  const mean = sum.map((value, bin) => (low[bin] <= high[bin] && covered(bin) > 0 ? value / covered(bin) : NaN));
  return { low, high, mean };
}

function largest(values) {
  let found = 0;
  for (const value of values) if (value > found) found = value;
  return found;
}

/** End of a value axis that begins at 0. */
function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.9999);
}
