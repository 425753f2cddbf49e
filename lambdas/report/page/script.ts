/**
 * The page's only script: sorts, filters, searches and pages the table of deployments, filters the findings, copies
 * events, saves the table, keeps all of this in the page's address, and makes the page ready for print. It is plain text
 * because nothing may change it on its way (the content security policy lets exactly this text pass, by its hash), and
 * because compiling or bundling a function changes its text.
 *
 * It works on the data that the page holds and writes text content only, never markup: the policy forbids the rest.
 * Without it the page still holds its first rows (see `tableRow`, whose rows these are).
 */
export const SCRIPT = `
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const { rows, verdicts, atOnce, mostPrinted, asOf, separator } = JSON.parse(byId('data').textContent);
  const VERDICT = 7;
  const NEXT_STEP = 8;
  const KINDS = 13;
  // Names, notes, states, verdicts and kinds; next steps are prose in which any short word is found.
  const searched = rows.map((row) => [...row.slice(0, NEXT_STEP), row[KINDS]].join('\\n').toLowerCase());
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
  /** The one deployment that a link leads to. */
  let only;

  function element(tag, role, ...content) {
    const made = document.createElement(tag);
    if (role) made.setAttribute('role', role);
    made.append(...content);
    return made;
  }

  /** A text with a button behind each event in it. */
  function withEvents(text) {
    return text.split(/(\\{"(?:[^"\\\\]|\\\\.)*":(?:"(?:[^"\\\\]|\\\\.)*"|[^"{}])*\\})/).flatMap((part, index) => {
      if (index % 2 === 0) return part === '' ? [] : [part];
      const code = element('code', '', part);
      code.className = 'event';
      const button = element('button', '', 'Copy');
      button.type = 'button';
      button.className = 'copy';
      button.setAttribute('aria-label', 'Copy this event');
      return [code, button];
    });
  }

  function tableRow(row) {
    const withNote = (text, note) => (note === '' ? [text] : [text, element('small', '', note)]);
    const link = element('a', '', row[0]);
    link.className = 'row';
    link.setAttribute('href', '#name=' + encodeURIComponent(row[0]));
    const name = element('th', 'rowheader', ...withNote(link, row[1]));
    name.scope = 'row';
    const badge = element('span', '', row[VERDICT]);
    badge.className = 'badge ' + row[VERDICT];
    return element('tr', 'row', name,
      element('td', 'cell', ...withNote(row[2], row[3])),
      element('td', 'cell', ...withNote(row[4], row[5])),
      element('td', 'cell', row[6]),
      element('td', 'cell', badge),
      element('td', 'cell', ...withEvents(row[NEXT_STEP])));
  }

  const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
  const two = (digits) => digits.padStart(2, '0');
  function monthOf(word) {
    const month = MONTHS.indexOf(word.slice(0, 3));
    return month < 0 || !('january february march april may june july august september october november december')
      .split(' ')[month].startsWith(word) ? undefined : two(String(month + 1));
  }
  /** Days as people write them, as the table writes them: 3.12.2026, 3/12/2026, 3 Dec 2026, Dec 3, 2026, Dec 2026. */
  function plainDays(text) {
    const named = (found, day, word, year) => {
      const month = monthOf(word);
      if (month === undefined) return found;
      return (year ? year + '-' : '-') + month + (day ? '-' + two(day) : '');
    };
    return text.toLowerCase()
      .replace(/\\b(\\d{1,2})[./-](\\d{1,2})[./-](\\d{4})\\b/g, (_, day, month, year) => year + '-' + two(month) + '-' + two(day))
      .replace(/\\b(\\d{1,2})\\.?\\s+([a-z]{3,9})\\.?(?:\\s+(\\d{4}))?(?![\\w-])/g, named)
      .replace(/\\b([a-z]{3,9})\\.?\\s+(\\d{1,2}),?(?:\\s+(\\d{4}))?(?![\\w-])/g, (found, word, day, year) => named(found, day, word, year))
      .replace(/\\b([a-z]{3,9})\\.?\\s+(\\d{4})\\b/g, (found, word, year) => named(found, '', word, year));
  }

  /** What a row is sorted by; an empty text comes after all others. */
  function sortKey(index) {
    const value = rows[index][sortedBy];
    return sortedBy === VERDICT ? verdicts.indexOf(value) : value === '' ? '\\uffff' : value;
  }

  function select() {
    const words = plainDays(search.value).split(/\\s+/).filter((word) => word !== '');
    const wanted = filters.filter(({ select }) => select.value !== '');
    matching = [];
    rows.forEach((row, index) => {
      if ((only === undefined || row[0] === only) &&
          wanted.every(({ select, place }) => row[place] === select.value) &&
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

  const findingControls = byId('finding-controls');
  const findingFilters = [['by-severity', 'severity'], ['by-kind', 'kind']]
    .map(([id, field]) => ({ select: byId(id), field })).filter(({ select }) => select !== null);
  const entries = [...document.querySelectorAll('.about')];
  function filterFindings() {
    const wanted = findingFilters.filter(({ select }) => select.value !== '');
    let findings = 0;
    let deployments = 0;
    for (const entry of entries) {
      let left = 0;
      for (const finding of entry.querySelectorAll('[data-kind]')) {
        finding.hidden = !wanted.every(({ select, field }) => finding.dataset[field] === select.value);
        if (!finding.hidden) left += 1;
      }
      entry.hidden = left === 0;
      findings += left;
      if (left > 0) deployments += 1;
    }
    const folded = document.querySelector('#findings-list + details');
    if (folded && wanted.length > 0) folded.open = true;
    byId('found').textContent = number(findings) + (findings === 1 ? ' finding' : ' findings') + ' about ' +
      number(deployments) + (deployments === 1 ? ' deployment.' : ' deployments.');
  }

  /** What of the page's state the address holds, each under its name. */
  const stateful = [
    ['q', () => search.value, (value) => { search.value = value; }],
    ...filters.concat(findingFilters).map(({ select }) =>
      [select.id.slice(3), () => select.value, (value) => { select.value = value; }]),
    ['name', () => only ?? '', (value) => { only = value === '' ? undefined : value; }],
    ['sort', () => (sortedBy === VERDICT && descending ? '' : (descending ? '-' : '') + sortedBy), (value) => {
      const key = Number(value.replace('-', ''));
      const known = value !== '' && headings.some((heading) => Number(heading.dataset.key) === key);
      sortedBy = known ? key : VERDICT;
      descending = known ? value.startsWith('-') : true;
    }],
  ];
  function saveState() {
    const state = new URLSearchParams();
    for (const [name, read] of stateful) if (read() !== '') state.set(name, read());
    history.replaceState(null, '', state.size === 0 ? location.pathname + location.search : '#' + state);
  }
  /** An address without such a state leads to a part of the page, as everywhere. */
  function loadState() {
    const given = location.hash.slice(1);
    if (!given.includes('=')) {
      const part = given === '' ? null : byId(decodeURIComponent(given));
      const folded = part && part.closest('details');
      if (folded) {
        folded.open = true;
        part.scrollIntoView();
      }
      return;
    }
    const state = new URLSearchParams(given);
    for (const [name, , write] of stateful) write(state.get(name) ?? '');
    update();
    if (entries.length > 0) filterFindings();
    const isOfFindings = findingFilters.some(({ select }) => state.has(select.id.slice(3)));
    byId(isOfFindings ? 'findings' : 'deployments').scrollIntoView();
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
      saveState();
    });
  }
  const changed = () => {
    update();
    saveState();
  };
  search.addEventListener('input', changed);
  for (const { select } of filters) select.addEventListener('change', changed);
  byId('reset').addEventListener('click', () => {
    search.value = '';
    only = undefined;
    for (const { select } of filters) select.value = '';
    changed();
  });
  for (const { select } of findingFilters) select.addEventListener('change', () => {
    filterFindings();
    saveState();
  });
  if (findingControls) byId('reset-findings').addEventListener('click', () => {
    for (const { select } of findingFilters) select.value = '';
    filterFindings();
    saveState();
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

  /** A cell of the saved file. What a spreadsheet would take for a formula begins with an apostrophe. */
  function csvCell(value) {
    const text = /^[\\s]*[=+\\-@]/.test(value) || /^[\\t\\r]/.test(value) ? "'" + value : value;
    return new RegExp('["\\\\n\\\\r' + separator + ']').test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  }
  byId('save').addEventListener('click', () => {
    const header = ['deployment', 'paid until', 'access until', 'token', 'last used', 'key', 'verdict', 'next step'];
    const lines = matching.map(({ index }) => rows[index])
      .map((row) => [row[0], row[10], row[11], row[4], row[12], row[6], row[VERDICT], row[NEXT_STEP]]);
    const text = [header, ...lines].map((cells) => cells.map(csvCell).join(separator) + '\\r\\n').join('');
    const link = document.createElement('a');
    // The mark at the beginning tells a spreadsheet that this is UTF-8.
    link.href = URL.createObjectURL(new Blob(['\\ufeff' + text], { type: 'text/csv' }));
    link.download = 'deployments-' + asOf + '.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });

  document.addEventListener('click', async ({ target }) => {
    if (!(target instanceof HTMLButtonElement) || !target.classList.contains('copy')) return;
    const event = target.previousElementSibling;
    try {
      await navigator.clipboard.writeText(event.textContent);
    } catch {
      // Not every browser lets a page write there; what is selected can be copied by hand, or by the old command.
      getSelection().selectAllChildren(event);
      document.execCommand('copy');
    }
    target.textContent = 'Copied';
    setTimeout(() => { target.textContent = 'Copy'; }, 3000);
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

  document.documentElement.classList.add('scripted');
  byId('controls').hidden = false;
  if (findingControls) findingControls.hidden = false;
  update();
  loadState();
  addEventListener('hashchange', loadState);
})();
`;
