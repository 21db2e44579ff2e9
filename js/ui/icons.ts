/** The icons in use, from lucide's data, as SVG elements. */

import {
  ArrowLeft,
  Box,
  Check,
  ChevronRight,
  CircleAlert,
  Copy,
  File,
  FileText,
  Film,
  Folder,
  Grid3x3,
  Image,
  Info,
  LoaderCircle,
  Pause,
  Play,
  Repeat,
  SlidersHorizontal,
  StepBack,
  StepForward,
} from "lucide";

const ICONS = {
  back: ArrowLeft,
  array: Grid3x3,
  check: Check,
  chevron: ChevronRight,
  copy: Copy,
  error: CircleAlert,
  file: File,
  folder: Folder,
  group: Box,
  image: Image,
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
} as const;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon of 16 px in the colour of the text; its name is told by what holds it. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `djo-icon djo-icon-${name}`);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of ICONS[name]) {
    const part = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, String(value));
    svg.append(part);
  }
  return svg;
}
