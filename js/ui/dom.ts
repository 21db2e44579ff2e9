/**
 * Elements, made without markup: text reaches the page only as text nodes.
 *
 *     el("button", { class: "djo-button", djo: "play", on: { click: play } }, "Play")
 */

type Attribute = string | number | boolean | undefined;

export interface Props {
  readonly class?: string;
  /** Name under which tests find the element: `data-djo`. */
  readonly djo?: string;
  readonly on?: { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
  readonly [attribute: string]: Attribute | object;
}

export type Child = Node | string;

function setAttribute(node: Element, name: string, value: Attribute): void {
  if (value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: className, djo, on, ...attributes }: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (djo) node.dataset.djo = djo;
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value as Attribute);
  for (const [name, handler] of Object.entries(on ?? {}))
    node.addEventListener(name, handler as EventListener);
  node.append(...children);
  return node;
}

/** Changes the text only where it differs, so that a selection and the layout survive. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Changes a field unless the user is in it. */
export function setField(field: HTMLInputElement | HTMLSelectElement, value: string): void {
  if (field.value !== value && field.ownerDocument.activeElement !== field) field.value = value;
}
