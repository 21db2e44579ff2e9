/** A 2-D context that remembers the last picture put on it; everything else does nothing. */

/** Installs it for all canvases of the page. Returns a reader of pixels: RGBA of one pixel. */
export function installFakeCanvas(): (canvas: HTMLCanvasElement, x: number, y: number) => number[] {
  const pictures = new WeakMap<HTMLCanvasElement, ImageData>();
  const nothing = () => undefined;
  function getContext(this: HTMLCanvasElement): unknown {
    const known: Record<string, unknown> = {
      createImageData: (width: number, height: number) => ({
        width,
        height,
        data: new Uint8ClampedArray(4 * width * height),
      }),
      putImageData: (image: ImageData) => pictures.set(this, image),
    };
    return new Proxy(known, { get: (target, name) => target[String(name)] ?? nothing, set: () => true });
  }
  HTMLCanvasElement.prototype.getContext = getContext as typeof HTMLCanvasElement.prototype.getContext;
  return (canvas, x, y) => {
    const image = pictures.get(canvas);
    return image ? [...image.data.slice(4 * (y * image.width + x), 4 * (y * image.width + x) + 4)] : [];
  };
}
