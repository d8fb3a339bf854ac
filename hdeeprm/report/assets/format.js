// Numbers and times for people, always in the same form whatever the reader's language.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

function shownNumber(value, digits = 4) {
  if (!Number.isFinite(value)) return "-";
  const magnitude = Math.abs(value);
  const options = magnitude >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
  return value.toLocaleString("en-US", options);
}

/** A duration such as "2 d 3 h", with the two largest of its units. */
function shownDuration(seconds) {
  if (!Number.isFinite(seconds)) return "-";
  if (Math.abs(seconds) < 2 * MINUTE) return `${shownNumber(seconds)} s`;
  const [large, largeName, small, smallName] =
    seconds >= DAY ? [DAY, "d", HOUR, "h"] : seconds >= HOUR ? [HOUR, "h", MINUTE, "min"] : [MINUTE, "min", 1, "s"];
  const total = Math.round(seconds / small);
  const rest = total % (large / small);
  return `${shownNumber((total - rest) / (large / small))} ${largeName}${rest ? ` ${rest} ${smallName}` : ""}`;
}

/** A point in time since the first submission, as fine as the step between ticks. */
function shownTime(seconds, step) {
  if (step < 1) return `${shownNumber(seconds, 8)} s`;
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const days = Math.floor(whole / DAY);
  if (step >= DAY) return `${days} d`;
  const clock = `${two(Math.floor((whole % DAY) / HOUR))}:${two(Math.floor((whole % HOUR) / MINUTE))}`;
  const fine = step < MINUTE ? `${clock}:${two(whole % MINUTE)}` : clock;
  return days ? `${days} d ${fine}` : fine;
}
