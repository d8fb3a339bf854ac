// Margins, ticks and the canvas itself, which all figures over time have in common.

const MARGIN = { left: 104, right: 12, top: 8, bottom: 24 };
const MOST_PIXELS = 2e6; // beyond, a canvas is drawn at less than the screen's resolution
const TIME_STEPS = [1, 2, 5, 10, 30].flatMap((step) => [step, step * MINUTE]).concat(
  [1, 2, 3, 6, 12].map((step) => step * HOUR),
  [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((step) => step * DAY),
).sort((one, other) => one - other);

/** Step of 1, 2 or 5 times a power of ten. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * 0.999) ?? 10);
}

function timeStep(seconds, pixels) {
  const least = (seconds / pixels) * 110; // pixels between labels
  return least < 1 ? roundStep(least) : TIME_STEPS.find((step) => step >= least) ?? roundStep(least / DAY) * DAY;
}

/** Multiples of a step in a range. */
function* ticks([from, to], step) {
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++) yield k * step + 0; // no -0
}

/** A canvas that has the size of its place on the page, in CSS pixels, and its context. */
class Figure {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  /** Clear it, and take the size that the page gives it now. */
  begin() {
    const { clientWidth, clientHeight } = this.canvas;
    const fitting = Math.sqrt(MOST_PIXELS / Math.max(1, clientWidth * clientHeight));
    this.scale = Math.min(window.devicePixelRatio || 1, Math.max(1, fitting));
    const [width, height] = [clientWidth, clientHeight].map((size) => Math.max(1, Math.round(size * this.scale)));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.context.clearRect(0, 0, clientWidth, clientHeight);
    this.context.font = "12px system-ui, sans-serif";
    this.box = {
      x: MARGIN.left,
      y: MARGIN.top,
      width: Math.max(1, clientWidth - MARGIN.left - MARGIN.right),
      height: Math.max(1, clientHeight - MARGIN.top - MARGIN.bottom),
    };
  }

  x(time, view) {
    return this.box.x + ((time - view.time[0]) / (view.time[1] - view.time[0])) * this.box.width;
  }

  time(x, view) {
    return view.time[0] + ((x - this.box.x) / this.box.width) * (view.time[1] - view.time[0]);
  }

  /** Ticks and their labels; lines across the figure only where they cover nothing. */
  drawTimeAxis(view, lines) {
    const { context, box } = this;
    const step = timeStep(view.time[1] - view.time[0], box.width);
    context.fillStyle = themeColour("muted");
    context.strokeStyle = themeColour("grid");
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const time of ticks(view.time, step)) {
      const x = this.x(time, view);
      this.line(x, lines ? box.y : box.y + box.height, x, box.y + box.height + 4);
      const label = shownTime(time, step);
      const half = context.measureText(label).width / 2;
      context.fillText(label, Math.min(x, box.x + box.width + MARGIN.right - half), box.y + box.height + 7);
    }
  }

  drawCursor(view) {
    const x = this.x(view.cursor, view);
    if (!(x >= this.box.x && x <= this.box.x + this.box.width)) return;
    this.context.strokeStyle = themeColour("muted");
    this.line(x, this.box.y, x, this.box.y + this.box.height);
  }

  line(x0, y0, x1, y1) {
    this.context.beginPath();
    this.context.moveTo(x0, y0);
    this.context.lineTo(x1, y1);
    this.context.stroke();
  }
}
