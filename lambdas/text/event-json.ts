/** The fields of an event that a person is to invoke a function with. */
export type EventFields = Readonly<Record<string, string | boolean | readonly string[]>>;

/**
 * An event as JSON for a person to paste. Only printable ASCII, so that no label can forge a line or pass for another
 * one, and no blanks in a row, which a page shows as one.
 */
export function eventText(fields: EventFields): string {
  const parts = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${valueText(value)}`);
  return `{${parts.join(', ')}}`.replace(
    /[^ -~]|(?<= ) | (?= )/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function valueText(value: EventFields[string]): string {
  return typeof value === 'object'
    ? `[${value.map((text) => JSON.stringify(text)).join(', ')}]`
    : JSON.stringify(value);
}

/** Whether an event can name a label or key: the functions take 1 to 100 characters. */
export function fitsEvent(name: string): boolean {
  return name.length >= 1 && name.length <= 100;
}
