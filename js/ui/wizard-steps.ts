/** The pages of the wizard, one for each step. */

import type { StoreInfo } from "../protocol/setup.ts";
import type { StepName, WizardSession } from "../state/wizard.ts";
import { codeBlock } from "./code-block.ts";
import { checkField, selectField, textButton } from "./controls.ts";
import { el, setText } from "./dom.ts";
import { noteMessage } from "./message.ts";
import type { Scope } from "./scope.ts";
import { buildField, buildNameField, sentence } from "./wizard-fields.ts";
import { buildReview } from "./wizard-review.ts";
import { buildTest } from "./wizard-test.ts";

type Page = (session: WizardSession, scope: Scope) => Node[];

export const PAGES: Readonly<Record<StepName, Page>> = {
  store: buildStore,
  place: buildPlace,
  secrets: buildSecrets,
  layout: buildLayout,
  test: buildTest,
  review: buildReview,
  use: buildUse,
};

function heading(text: string): HTMLElement {
  return el("h3", { class: "djo-heading", tabindex: "-1" }, text);
}

function paragraph(text: string): HTMLElement {
  return el("p", { class: "djo-dim" }, text);
}

function buildStore(session: WizardSession, scope: Scope): Node[] {
  const facts = session.facts.value;
  if (!facts) return [noteMessage({ icon: "loading", text: "Asking the kernel…" })];
  const kinds = facts.kinds.map((kind) =>
    el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          class: "djo-kind",
          djo: `kind-${kind.name}`,
          on: { click: () => void session.choose(kind.name) },
        },
        el("strong", {}, kind.label),
        el("span", { class: "djo-dim" }, kind.help),
      ),
    ),
  );
  const parts: Node[] = [heading("Where shall the data lie?"), el("ul", { class: "djo-kinds" }, ...kinds)];
  if (facts.problem) parts.push(noteMessage({ icon: "error", text: facts.problem }));
  if (facts.older) parts.push(buildOlder(session));
  if (facts.stores.length > 0) parts.push(...buildConfigured(session, scope, facts.stores));
  return parts;
}

function buildOlder(session: WizardSession): HTMLElement {
  const action = { label: "Show the changes", act: () => void session.importOlder() };
  const text = "This project has settings of an older form, which can be rewritten as stores.";
  return noteMessage({ icon: "info", text, action });
}

function buildConfigured(session: WizardSession, _scope: Scope, stores: readonly StoreInfo[]): Node[] {
  const rows = stores.map((store) => buildRow(session, store));
  const parts = [
    heading("Stores that are set up"),
    el("ul", { class: "djo-stores", djo: "stores" }, ...rows),
  ];
  return stores.length > 1 ? [...parts, buildDefaults(session, stores)] : parts;
}

function buildRow(session: WizardSession, store: StoreInfo): HTMLElement {
  const marks = [
    store.is_default ? "default" : "",
    store.is_filepath_default ? "default of <filepath@>" : "",
  ];
  const notes = marks.filter((mark) => mark !== "").join(", ");
  const edit = textButton("Edit", () => void session.edit(store.name), {
    djo: `edit-${store.name}`,
    "aria-label": `Edit ${store.name}`,
    disabled: store.kind === "",
  });
  const remove = textButton("Remove", () => void session.remove(store.name), {
    djo: `remove-${store.name}`,
    "aria-label": `Remove ${store.name}`,
    title: store.kind === "" ? `It is not in a file of this project: ${store.origin}` : undefined,
    disabled: store.kind === "",
  });
  const words = el(
    "div",
    { class: "djo-store-words" },
    el("strong", {}, store.name),
    el("span", { class: "djo-dim" }, notes),
    el("div", { class: "djo-dim djo-place" }, store.problem || store.place),
  );
  return el("li", { class: "djo-store" }, words, edit, remove);
}

function buildDefaults(session: WizardSession, stores: readonly StoreInfo[]): HTMLElement {
  const chosen = {
    default: stores.find((store) => store.is_default)?.name ?? "",
    filepath_default: stores.find((store) => store.is_filepath_default)?.name ?? "",
  };
  const choices = [{ value: "", label: "none" }, ...stores.map(({ name }) => ({ value: name, label: name }))];
  const field = (setting: keyof typeof chosen, label: string) => {
    const select = selectField(
      label,
      choices,
      (value) => {
        chosen[setting] = value;
      },
      { djo: setting },
    );
    select.value = chosen[setting];
    return el("label", { class: "djo-inline" }, label, select);
  };
  return el(
    "div",
    { class: "djo-defaults" },
    field("default", "Default store"),
    field("filepath_default", "Default of <filepath@>"),
    textButton("Show the changes", () => void session.chooseDefaults({ ...chosen }), {
      djo: "choose-defaults",
    }),
  );
}

function fieldsOf(session: WizardSession, scope: Scope, section: string): HTMLElement[] {
  const fields = session.kind.peek()?.fields ?? [];
  return fields
    .filter((field) => field.section === section)
    .map((field) => buildField(session, scope, field));
}

function buildPlace(session: WizardSession, scope: Scope): Node[] {
  const kind = session.kind.peek();
  const title = session.edits.peek() ? `Edit ${session.edits.peek()}` : (kind?.label ?? "");
  return [
    heading(title),
    paragraph(kind?.help ?? ""),
    buildNameField(session, scope),
    ...fieldsOf(session, scope, "place"),
  ];
}

function buildSecrets(session: WizardSession, scope: Scope): Node[] {
  return [
    heading("Secrets"),
    paragraph(
      "They go from this field to the kernel once, and from there into .secrets, for you alone; never into the notebook.",
    ),
    ...fieldsOf(session, scope, "secrets"),
    paragraph(
      "Rather not type them here? Give them in a cell: wizard.give_secrets(secret_key=getpass.getpass())",
    ),
  ];
}

function buildLayout(session: WizardSession, scope: Scope): Node[] {
  const example = el("code", { class: "djo-example", djo: "example" });
  const problems = el("div", { class: "djo-problem", role: "alert" });
  scope.effect(() => {
    setText(example, session.checked.value.example || "…");
    const general = session.checked.value.problems.filter(({ field }) => field === "");
    problems.replaceChildren(...general.map((problem) => el("p", {}, sentence(problem))));
  });
  const box = (label: string, value: typeof session.isDefault, name: string) => {
    const field = checkField(
      label,
      (checked) => {
        value.value = checked;
      },
      { djo: name },
    );
    const input = field.querySelector("input");
    if (input) input.checked = value.peek();
    return field;
  };
  return [
    heading("Layout"),
    paragraph("The usual settings are good ones. An object will lie at"),
    example,
    box("Make it the default store", session.isDefault, "is-default"),
    box("Make it the default of <filepath@>", session.isFilepathDefault, "is-filepath-default"),
    ...fieldsOf(session, scope, "layout"),
    el("details", { djo: "more" }, el("summary", {}, "More settings"), ...fieldsOf(session, scope, "more")),
    problems,
  ];
}

function buildUse(session: WizardSession): Node[] {
  const written = session.written.value;
  const files = (written?.files ?? []).map((path) => el("li", {}, el("code", {}, path)));
  const parts: Node[] = [heading("Written"), el("ul", { class: "djo-files" }, ...files)];
  if (written?.python)
    parts.push(paragraph("Copy this into a cell to use the store:"), codeBlock(written.python));
  const again = textButton("Back to the stores", () => void session.start(), { djo: "again" });
  return [...parts, again];
}
