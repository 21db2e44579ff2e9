// Measures in the page, the same way for each: what number the pixels of an element say, and when that changes.
(() => {
  const bars = new OffscreenCanvas(10, 1).getContext("2d", { willReadFrequently: true });
  bars.imageSmoothingEnabled = false;
  const refresh = () => new Promise(requestAnimationFrame);

  /** The number that the bars of an element say; -1 while it shows nothing. */
  const read = (selector) => {
    const node = document.querySelector(selector);
    const [width, height] = [node?.naturalWidth || node?.width, node?.naturalHeight || node?.height];
    if (!width || !height || node.complete === false) return -1;
    bars.clearRect(0, 0, 10, 1);
    bars.drawImage(node, 0, Math.round(0.05 * height), width, 1, 0, 0, 10, 1);
    const pixels = bars.getImageData(0, 0, 10, 1).data;
    if (pixels[3] === 0) return -1;
    let number = 0;
    for (let bit = 0; bit < 10; bit++) if (pixels[4 * bit + 1] > 127) number |= 1 << bit;
    return number;
  };

  /** Milliseconds, from now, at which the element showed another number. */
  const watch = async (selector, seconds) => {
    const begun = performance.now();
    const changes = [];
    let last = read(selector);
    while (performance.now() - begun < 1000 * seconds) {
      await refresh();
      const number = read(selector);
      if (number === last || number < 0) continue;
      last = number;
      changes.push(performance.now() - begun);
    }
    return changes;
  };

  /** Types a number into a field, or moves a slider there. */
  const ask = (field, number) => {
    const node = document.querySelector(field);
    node.value = String(number);
    for (const event of ["input", "change"]) node.dispatchEvent(new Event(event, { bubbles: true }));
  };

  /** Milliseconds from each wish to its pixels; null for one that was not shown within `patience` ms. */
  const seek = async (selector, field, wishes, patience) => {
    const times = [];
    for (const wish of wishes) {
      const begun = performance.now();
      ask(field, wish);
      while (read(selector) !== wish && performance.now() - begun < patience) await refresh();
      times.push(read(selector) === wish ? performance.now() - begun : null);
    }
    return times;
  };

  /** Milliseconds from running a cell to the pixels of `number`. */
  const first = async (cell, selector, number) => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = cell;
    notebook.widgets[cell].model.clearExecution?.();
    notebook.widgets[cell].outputArea.model.clear();
    while (read(selector) >= 0) await refresh();
    const begun = performance.now();
    window.jupyterapp.commands.execute("notebook:run-cell");
    while (read(selector) !== number) {
      const failed = notebook.widgets[cell].outputArea.model
        .toJSON()
        .find((output) => output.output_type === "error");
      if (failed) throw new Error(`${failed.ename}: ${failed.evalue.split("\n")[0]}`);
      if (performance.now() - begun > 60_000) throw new Error(`no frame within a minute in ${selector}`);
      await refresh();
    }
    return performance.now() - begun;
  };

  /** How many times a second a canvas of this size is painted from codes that are at hand, asked for `fps`. */
  const paint = async (side, fps, seconds) => {
    const context = document.createElement("canvas").getContext("2d");
    context.canvas.width = context.canvas.height = side;
    document.querySelector(".djo-scrubber").append(context.canvas);
    const image = context.createImageData(side, side);
    const words = new Uint32Array(image.data.buffer);
    const colors = Uint32Array.from({ length: 256 }, (_, i) => (0xff000000 | (i * 0x10101)) >>> 0);
    const frames = Array.from({ length: 8 }, (_, n) =>
      Uint8Array.from({ length: side * side }, (_, i) => (i * (n + 3)) & 255),
    );
    const begun = performance.now();
    let painted = 0;
    while (performance.now() - begun < 1000 * seconds) {
      await refresh();
      if (performance.now() - begun + 4 < (1000 * painted) / fps) continue;
      const codes = frames[painted % 8];
      for (let i = 0; i < codes.length; i++) words[i] = colors[codes[i]];
      context.putImageData(image, 0, 0);
      painted++;
    }
    context.canvas.remove();
    return painted / seconds;
  };

  window.measuring = { read, watch, ask, seek, first, paint };
})();
