// Texts with events in them: each event can be copied, so that nobody retypes one.

import { Markup, html } from './markup.ts';

/** An event as the rules write it into a text: JSON in braces, without braces inside. */
const EVENT = /(\{"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|[^"{}])*\})/;

/** An event with its button. Without script no button shows. */
export function copyable(event: string): Markup {
  return html`<code class="event">${event}</code
    ><button type="button" class="copy" aria-label="Copy this event">Copy</button>`;
}

/** A sentence in which each event can be copied. The script builds the same from a row's next step. */
export function withEvents(text: string): Markup {
  const parts = text.split(EVENT);
  // Splitting by a group gives text and event in turn.
  return html`${parts.map((part, index) => (index % 2 === 1 ? copyable(part) : part))}`;
}
