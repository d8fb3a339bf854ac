// Moving through the figures with pointer, wheel and keys.

const WHEEL_STEP = 0.0015; // of the logarithm of the zoom, per unit of the wheel
const KEY_STEP = 0.15; // of the window
const KEY_ZOOM = 0.7;
const CLICK = 4; // pixels that a pointer may move and still click

/** Drag moves along time (and cores), Ctrl + wheel zooms, or the wheel alone where the figure has the focus. */
function moveByPointer(figure, view, { cores = false, onClick = () => {} } = {}) {
  const { canvas } = figure;
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX, y: event.clientY, far: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) {
      view.setCursor(figure.time(event.offsetX, view));
      return;
    }
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.far && Math.hypot(dx, dy) < CLICK) return;
    held = { x: event.clientX, y: event.clientY, far: true };
    view.panTime((-dx / figure.box.width) * (view.time[1] - view.time[0]));
    if (cores) view.panCores((-dy / figure.box.height) * (view.cores[1] - view.cores[0]));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held && !held.far) onClick(event.offsetX, event.offsetY);
    held = null;
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("pointerleave", () => view.setCursor(NaN));
  canvas.addEventListener("wheel", (event) => zoomByWheel(event, figure, view, cores), { passive: false });
}

function zoomByWheel(event, figure, view, cores) {
  if (!event.ctrlKey && !figure.canvas.parentElement.contains(document.activeElement)) return;
  event.preventDefault();
  const factor = Math.exp(WHEEL_STEP * (event.deltaY || event.deltaX));
  if (cores && event.shiftKey) {
    const [first, end] = view.cores;
    view.zoomCores(factor, first + ((event.offsetY - figure.box.y) / figure.box.height) * (end - first));
  } else {
    view.zoomTime(factor, figure.time(event.offsetX, view));
  }
}

/** What each key does; they are told in the page. */
function keyActions(view, { stepJob, leave }) {
  const time = () => KEY_STEP * (view.time[1] - view.time[0]);
  const cores = () => KEY_STEP * (view.cores[1] - view.cores[0]);
  return {
    ArrowLeft: () => view.panTime(-time()),
    ArrowRight: () => view.panTime(time()),
    ArrowUp: () => view.panCores(-cores()),
    ArrowDown: () => view.panCores(cores()),
    "+": () => view.zoomTime(KEY_ZOOM),
    "=": () => view.zoomTime(KEY_ZOOM),
    "-": () => view.zoomTime(1 / KEY_ZOOM),
    "]": () => view.zoomCores(KEY_ZOOM),
    "[": () => view.zoomCores(1 / KEY_ZOOM),
    0: () => view.showAll(),
    n: () => stepJob(1),
    p: () => stepJob(-1),
    Escape: leave,
  };
}

function moveByKeys(element, actions) {
  element.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}
