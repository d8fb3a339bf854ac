// What part of the runs is looked at: a window over time that all figures share, and cores for the Gantt chart.

const SMALLEST_PART = 1e-6; // of the whole time
const FEWEST_CORES = 4;

class View {
  constructor(end, numCores) {
    this.end = end > 0 ? end : 1;
    this.changed = new Set(); // functions that are called when the view is another
    this.setCores(numCores);
    this.cursor = NaN; // time under the pointer, in s
    this.showAll();
  }

  /** Another platform, all of it. */
  setCores(numCores) {
    this.numCores = numCores;
    this.band = [0, numCores];
    this.cores = [0, numCores];
  }

  /** Only these cores can be seen from now on, such as those of a node. */
  restrictTo(first, end) {
    this.band = [first, end];
    this.cores = [first, end];
    this.tell();
  }

  showAll() {
    this.time = [0, this.end];
    this.cores = [...this.band];
    this.tell();
  }

  panTime(seconds) {
    this.time = moved(this.time, seconds, 0, this.end);
    this.tell();
  }

  panCores(number) {
    this.cores = moved(this.cores, number, ...this.band);
    this.tell();
  }

  /** Make the window over time smaller (factor below 1) or larger around a time that keeps its place. */
  zoomTime(factor, centre = (this.time[0] + this.time[1]) / 2) {
    this.time = scaled(this.time, factor, centre, 0, this.end, this.end * SMALLEST_PART);
    this.tell();
  }

  zoomCores(factor, centre = (this.cores[0] + this.cores[1]) / 2) {
    this.cores = scaled(this.cores, factor, centre, ...this.band, FEWEST_CORES);
    this.tell();
  }

  showTime(from, to) {
    const least = this.end * SMALLEST_PART;
    const middle = (from + to) / 2;
    const half = Math.max(to - from, least) / 2;
    this.time = [Math.max(0, middle - half), Math.min(this.end, middle + half)];
    this.tell();
  }

  setCursor(time) {
    this.cursor = time;
    this.tell("cursor");
  }

  tell(what = "window") {
    for (const function_ of this.changed) function_(what);
  }
}

function moved([from, to], by, least, most) {
  const step = Math.min(Math.max(by, least - from), most - to);
  return [from + step, to + step];
}

function scaled([from, to], factor, centre, least, most, smallest) {
  const size = Math.min(most - least, Math.max(Math.min(smallest, most - least), (to - from) * factor));
  const begin = centre - ((centre - from) / (to - from)) * size;
  return moved([begin, begin + size], 0, least, most);
}

/** A function that calls another once before the next frame, however often it is called itself. */
function beforeNextFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}
