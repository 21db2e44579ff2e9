/** The icons in use, from lucide's data, as SVG elements. */

import {
  Activity,
  ArrowDown,
  ArrowLeft,
  ArrowUp,
  Box,
  Camera,
  Check,
  ChevronLeft,
  ChevronRight,
  Circle,
  CircleAlert,
  Copy,
  Download,
  File,
  FileText,
  Film,
  Folder,
  GalleryHorizontalEnd,
  Grid3x3,
  type IconNode,
  Image,
  Info,
  Lasso,
  Link,
  LoaderCircle,
  Maximize,
  Minus,
  Pause,
  Pentagon,
  Play,
  Plus,
  Repeat,
  SlidersHorizontal,
  Square,
  StepBack,
  StepForward,
  Trash2,
  Undo2,
  X,
  ZoomIn,
  ZoomOut,
} from "lucide";

const ICONS = {
  down: ArrowDown,
  up: ArrowUp,
  back: ArrowLeft,
  array: Grid3x3,
  check: Check,
  add: Plus,
  chevron: ChevronRight,
  chevronLeft: ChevronLeft,
  copy: Copy,
  error: CircleAlert,
  file: File,
  folder: Folder,
  group: Box,
  image: Image,
  link: Link,
  info: Info,
  loading: LoaderCircle,
  loop: Repeat,
  movie: Film,
  pause: Pause,
  play: Play,
  next: StepForward,
  panel: SlidersHorizontal,
  previous: StepBack,
  text: FileText,
  save: Download,
  everyFrame: GalleryHorizontalEnd,
  camera: Camera,
  close: X,
  trace: Activity,
  ellipse: Circle,
  freehand: Lasso,
  fit: Maximize,
  polygon: Pentagon,
  rectangle: Square,
  remove: Trash2,
  subtract: Minus,
  undo: Undo2,
  zoomIn: ZoomIn,
  zoomOut: ZoomOut,
} as const;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon of 16 px in the colour of the text; its name is told by what holds it. */
export function icon(name: IconName): SVGSVGElement {
  return drawIcon(name, ICONS[name]);
}

/** An icon from lucide's data. */
export function drawIcon(name: string, parts: IconNode): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `djo-icon djo-icon-${name}`);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of parts) {
    const part = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, String(value));
    svg.append(part);
  }
  return svg;
}
