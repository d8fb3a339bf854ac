// The data of the runs: columns of numbers, packed by deflate and base64 into the page.

const COLUMN_TYPES = {
  f8: Float64Array,
  f4: Float32Array,
  u4: Uint32Array,
  u2: Uint16Array,
  u1: Uint8Array,
};

async function unpacked(base64) {
  const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** Columns of one run by name; those of type "json" are lists. */
async function readColumns(run, index) {
  const bytes = await unpacked(document.getElementById(`run-data-${index}`).textContent);
  const columns = {};
  let offset = 0;
  for (const [name, type, length] of run.columns) {
    const kind = COLUMN_TYPES[type];
    if (kind) {
      columns[name] = new kind(bytes, offset, length);
      offset += length * kind.BYTES_PER_ELEMENT;
    } else {
      columns[name] = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, offset, length)));
      offset += length;
    }
  }
  return columns;
}

/** First index whose value is above a bound; the values ascend. */
function upperBound(values, bound) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
