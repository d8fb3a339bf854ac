// Jobs as pixels. Each pixel gets the mean colour of the jobs in it, as strong as the part of it that they fill:
// where jobs are smaller than pixels, the chart shows how busy the cores were, and no job hides another.

const FEW_JOBS = 2000; // so many can be drawn larger than they are, lest they be missed
const LEAST_SIZE = 1.5; // of those, in pixels
const WIDE = 5; // pixels from which on there is room for a gap to the next box
const GAP = 0.7; // of a pixel

class Raster {
  constructor(jobs) {
    this.jobs = jobs;
    this.sums = new Float32Array(0);
  }

  /** Draw the jobs of a view into an image; `colours` has three channels for each job. */
  draw(image, view, colours, background) {
    const size = 4 * image.width * image.height;
    if (this.sums.length !== size) this.sums = new Float32Array(size);
    else this.sums.fill(0);
    const visible = this.visible(view);
    const least = visible.length <= FEW_JOBS ? LEAST_SIZE : 0;
    for (const job of visible) this.addJob(job, image, view, colours, least);
    this.blend(image.data, background);
    return visible.length;
  }

  visible(view) {
    const { start, finish } = this.jobs;
    const found = [];
    for (let job = 0; job < start.length; job++) {
      if (finish[job] > view.time[0] && start[job] < view.time[1]) found.push(job);
    }
    return found;
  }

  addJob(job, image, view, colours, least) {
    const { start, finish, placementBegin, firstCore, coreCount } = this.jobs;
    const perSecond = image.width / (view.time[1] - view.time[0]);
    const perCore = image.height / (view.cores[1] - view.cores[0]);
    const left = (start[job] - view.time[0]) * perSecond;
    const right = parted(left, Math.max((finish[job] - view.time[0]) * perSecond, left + least));
    for (let place = placementBegin[job]; place < placementBegin[job + 1]; place++) {
      const top = (firstCore[place] - view.cores[0]) * perCore;
      const bottom = parted(top, top + Math.max(coreCount[place] * perCore, least));
      if (bottom > 0 && top < image.height) this.addBox(left, top, right, bottom, image, colours, 3 * job);
    }
  }

  /** Add a box's colour to each pixel by the part of the pixel that it covers. */
  addBox(left, top, right, bottom, image, colours, channel) {
    const x0 = Math.max(0, left);
    const x1 = Math.min(image.width, right);
    const y0 = Math.max(0, top);
    const y1 = Math.min(image.height, bottom);
    const firstColumn = Math.floor(x0);
    const lastColumn = Math.ceil(x1) - 1;
    for (let y = Math.floor(y0); y < y1; y++) {
      const high = Math.min(y1, y + 1) - Math.max(y0, y);
      const row = y * image.width;
      this.addPixels(row + firstColumn, 1, high * (Math.min(x1, firstColumn + 1) - x0), colours, channel);
      if (lastColumn === firstColumn) continue;
      this.addPixels(row + firstColumn + 1, lastColumn - firstColumn - 1, high, colours, channel);
      this.addPixels(row + lastColumn, 1, high * (x1 - lastColumn), colours, channel);
    }
  }

  /** Add a colour to pixels of a row, each of which it covers in part. */
  addPixels(first, number, part, colours, channel) {
    const sums = this.sums;
    const red = part * colours[channel];
    const green = part * colours[channel + 1];
    const blue = part * colours[channel + 2];
    for (let place = 4 * first; place < 4 * (first + number); place += 4) {
      sums[place] += red;
      sums[place + 1] += green;
      sums[place + 2] += blue;
      sums[place + 3] += part;
    }
  }

  blend(data, background) {
    const sums = this.sums;
    for (let pixel = 0; pixel < sums.length; pixel += 4) {
      const filled = sums[pixel + 3];
      const share = Math.min(1, filled);
      for (let k = 0; k < 3; k++) {
        const own = filled > 0 ? sums[pixel + k] / filled : 0;
        data[pixel + k] = own * share + background[k] * (1 - share);
      }
      data[pixel + 3] = 255;
    }
  }

  /** The job on a core at a time, or -1. */
  jobAt(time, core) {
    const { start, finish, placementBegin, firstCore, coreCount } = this.jobs;
    for (let job = 0; job < start.length; job++) {
      if (!(start[job] <= time && time < finish[job])) continue;
      for (let place = placementBegin[job]; place < placementBegin[job + 1]; place++) {
        if (core >= firstCore[place] && core < firstCore[place] + coreCount[place]) return job;
      }
    }
    return -1;
  }

  /** Whether a job has a core of a range. */
  touches(job, [first, end]) {
    const { placementBegin, firstCore, coreCount } = this.jobs;
    for (let place = placementBegin[job]; place < placementBegin[job + 1]; place++) {
      if (firstCore[place] < end && firstCore[place] + coreCount[place] > first) return true;
    }
    return false;
  }
}

/** End of a box that leaves a gap to the next one, where the box is wide enough. */
function parted(begin, end) {
  return end - begin >= WIDE ? end - GAP : end;
}
