/**
 * The page's only script: sorts, filters, searches and pages the table of deployments, and makes it ready for print. It
 * is plain text because nothing may change it on its way (the content security policy lets exactly this text pass, by
 * its hash), and because compiling or bundling a function changes its text.
 *
 * It works on the data that the page holds and writes text content only, never markup: the policy forbids the rest.
 * Without it the page still holds its first rows (see `tableRow`, whose rows these are).
 */
export const SCRIPT = `
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const { rows, verdicts, atOnce, mostPrinted } = JSON.parse(byId('data').textContent);
  const VERDICT = 7;
  // Names, notes and states; next steps are prose in which any short word is found.
  const SEARCHED = 7;
  const searched = rows.map((row) => row.slice(0, SEARCHED).join('\\n').toLowerCase());
  const number = (count) => count.toLocaleString('en');

  const search = byId('search');
  const filters = [['by-verdict', VERDICT], ['by-license', 2], ['by-hub', 4], ['by-vault', 6]]
    .map(([id, place]) => ({ select: byId(id), place }));
  const body = byId('rows');
  const more = byId('more');
  const status = byId('shown');
  const headings = [...document.querySelectorAll('#table th[data-key]')];

  let sortedBy = VERDICT;
  let descending = true;
  let matching = [];

  function element(tag, role, ...content) {
    const made = document.createElement(tag);
    if (role) made.setAttribute('role', role);
    made.append(...content);
    return made;
  }

  function tableRow(row) {
    const withNote = (text, note) => (note === '' ? [text] : [text, element('small', '', note)]);
    const name = element('th', 'rowheader', ...withNote(row[0], row[1]));
    name.scope = 'row';
    const badge = element('span', '', row[VERDICT]);
    badge.className = 'badge ' + row[VERDICT];
    return element('tr', 'row', name,
      element('td', 'cell', ...withNote(row[2], row[3])),
      element('td', 'cell', ...withNote(row[4], row[5])),
      element('td', 'cell', row[6]),
      element('td', 'cell', badge),
      element('td', 'cell', ...(row[8] === '' ? [] : [row[8]])));
  }

  /** What a row is sorted by; an empty text comes after all others. */
  function sortKey(index) {
    const value = rows[index][sortedBy];
    return sortedBy === VERDICT ? verdicts.indexOf(value) : value === '' ? '\\uffff' : value;
  }

  function select() {
    const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
    const wanted = filters.filter(({ select }) => select.value !== '');
    matching = [];
    rows.forEach((row, index) => {
      if (wanted.every(({ select, place }) => row[place] === select.value) &&
          words.every((word) => searched[index].includes(word)))
        matching.push({ index, key: sortKey(index) });
    });
    const sign = descending ? -1 : 1;
    // Rows come sorted by name: that is the order among equals, whichever way the rest is sorted.
    matching.sort((a, b) =>
      a.key < b.key ? -sign : a.key > b.key ? sign : a.index - b.index);
  }

  function show(entries, from) {
    const made = entries.slice(from).map(({ index }) => tableRow(rows[index]));
    if (from === 0) body.replaceChildren(...made);
    else body.append(...made);
    const all = number(rows.length) + (rows.length === 1 ? ' deployment' : ' deployments');
    status.textContent =
      matching.length === rows.length
        ? (entries.length < rows.length ? 'The first ' + number(entries.length) + ' of ' + all + '.' : all + '.')
        : number(matching.length) + ' of ' + all + (matching.length === 1 ? ' matches' : ' match') +
          (entries.length < matching.length ? '; the first ' + number(entries.length) + ' are shown.' : '.');
    const left = matching.length - entries.length;
    more.hidden = left <= 0;
    more.textContent = 'Show ' + number(Math.min(left, atOnce)) + ' more';
  }

  function update() {
    select();
    show(matching.slice(0, atOnce), 0);
    for (const heading of headings) {
      if (Number(heading.dataset.key) === sortedBy)
        heading.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    }
  }

  for (const heading of headings) {
    const button = element('button', '', heading.textContent);
    button.type = 'button';
    heading.replaceChildren(button);
    button.addEventListener('click', () => {
      const key = Number(heading.dataset.key);
      // The first press shows the worst verdict, but the first name and the next end.
      descending = key === sortedBy ? !descending : key === VERDICT;
      sortedBy = key;
      update();
    });
  }
  search.addEventListener('input', update);
  for (const { select } of filters) select.addEventListener('change', update);
  byId('reset').addEventListener('click', () => {
    search.value = '';
    for (const { select } of filters) select.value = '';
    update();
  });
  more.addEventListener('click', () => {
    const from = body.children.length;
    const first = matching.slice(0, from + atOnce);
    show(first, from);
    // The last press takes the button away: the keyboard goes on at the first new row.
    if (more.hidden) {
      body.children[from].tabIndex = -1;
      body.children[from].focus();
    }
  });

  let beforePrint;
  addEventListener('beforeprint', () => {
    beforePrint ??= body.children.length;
    const many = matching.length > mostPrinted;
    const printed = many ? matching.filter(({ index }) => rows[index][VERDICT] !== 'ok') : matching;
    show(printed, 0);
    if (many) status.textContent = 'Printed are the ' + number(printed.length) + ' of ' + number(matching.length) +
      ' deployments with a verdict other than ok.';
    for (const details of document.querySelectorAll('details:has(> .entries):not([open])')) {
      details.dataset.closed = '';
      details.open = true;
    }
  });
  addEventListener('afterprint', () => {
    show(matching.slice(0, beforePrint), 0);
    beforePrint = undefined;
    for (const details of document.querySelectorAll('details[data-closed]')) {
      delete details.dataset.closed;
      details.open = false;
    }
  });

  byId('controls').hidden = false;
  update();
})();
`;
