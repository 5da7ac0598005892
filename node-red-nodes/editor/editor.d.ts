/** The part of Node-RED's editor that the scripts of the dialogs use. */
interface EditorNode {
  readonly id: string;
  name?: string;
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
  [property: string]: unknown;
}

interface EditorProperty {
  readonly value: unknown;
  readonly type?: string;
  readonly required?: boolean;
  readonly label?: string;
  validate?(this: EditorNode, value: unknown, options?: unknown): boolean | string;
}

interface NodeType {
  readonly category: string;
  readonly color?: string;
  readonly defaults: Readonly<Record<string, EditorProperty>>;
  readonly credentials?: Readonly<Record<string, { readonly type: 'text' | 'password' }>>;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly icon?: string;
  readonly paletteLabel?: string;
  label?(this: EditorNode): string;
  labelStyle?(this: EditorNode): string;
  inputLabels?: string;
  outputLabels?(this: EditorNode, index: number): string;
  oneditprepare?(this: EditorNode): void;
  oneditsave?(this: EditorNode): void;
  oneditcancel?(this: EditorNode): void;
}

interface EditorPlugin {
  /** A text of the plugin's catalogue; there once it is registered. */
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
}

interface SidebarTab {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly iconClass: string;
  readonly content: HTMLElement;
  /** Stays in use while a dialog is open. */
  readonly enableOnEdit: boolean;
}

/** jQuery, as the editor brings it. */
declare const $: { ajax(request: { url: string; dataType: 'json'; timeout: number; cache: boolean }): PromiseLike<unknown> };

declare const RED: {
  readonly nodes: { registerType(type: string, definition: NodeType): void; node(id: string): EditorNode | null };
  readonly plugins: { registerPlugin(id: string, definition: { onadd(this: EditorPlugin): void }): void };
  readonly sidebar: { addTab(tab: SidebarTab): void };
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
};
