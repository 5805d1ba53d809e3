import { escapeForTerminal } from './escape.ts'

/** Any text made fit for an attribute or the content of an element, on one line. */
export function xml(text: string): string {
  return xmlText(escapeForTerminal(text)).replaceAll('"', '&quot;')
}

/** For text that is safe already, apart from its line feeds. */
export function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\ufffe\uffff]/g, '\ufffd')
}
