/** The style sheet, which the build puts into the script: JupyterLab then has one file to load. */

declare const DJO_STYLE: string;

export function addStyle(): void {
  const style = document.createElement("style");
  style.textContent = DJO_STYLE;
  document.head.append(style);
}
